from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.services.dashboard import RunningDashboard, running_dashboard

ORGANIZATION = "1410000000777"
USER = "user-1410000000888"
DATASOURCE = "datasource-1410000000999"


@dataclass(frozen=True)
class Api:
    """The emulator over HTTP, and one credential of each kind."""

    dashboard: RunningDashboard
    organization_id: str
    bearer_token: str
    user_id: str
    personal_access_token: str
    datasource_id: str
    datasource_secret: str

    @property
    def url(self) -> str:
        return self.dashboard.url

    @property
    def secrets_url(self) -> str:
        return f"{self.url}/secret-manager/organizations/{self.organization_id}/secrets"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.bearer_token}"}


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_dashboard(tmp_path_factory.mktemp("dashboard")) as dashboard:
        dashboard.manage("emulator_organization", "create", "--id", ORGANIZATION)
        yield Api(
            dashboard=dashboard,
            organization_id=ORGANIZATION,
            bearer_token=_new_token(dashboard, "bearer", USER),
            user_id=USER,
            personal_access_token=_new_token(dashboard, "personal", USER),
            datasource_id=DATASOURCE,
            datasource_secret=_new_token(dashboard, "datasource", DATASOURCE),
        )


def _new_token(dashboard: RunningDashboard, kind: str, principal: str) -> str:
    arguments = ("--organization", ORGANIZATION, "--kind", kind, "--principal", principal)
    return dashboard.manage("emulator_token", "create", *arguments).strip()
