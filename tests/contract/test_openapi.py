"""docs/openapi.yaml against the emulator: what the one says, the other does, and the reverse."""

import base64
import re
import uuid
from collections.abc import Callable, Iterator
from http import HTTPMethod

import pytest
import requests
import schemathesis
import yaml
from django.test import RequestFactory
from django.urls import URLPattern
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation

from emulator.urls import urlpatterns
from tests.contract.conftest import Api
from tests.services.dashboard import PROJECT

PREFIX = "/secret-manager/"
DOCUMENT = PROJECT / "docs" / "openapi.yaml"
VALUE = base64.b64encode(b"a value").decode()
REPEATABLE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
schema = schemathesis.openapi.from_path(DOCUMENT)
# Extra parameters would mostly be odd header names, which gunicorn refuses before the emulator.
schema.config.generation.update(allow_extra_parameters=False)
# A fitting If-Match that names another state is answered 412, which only its operation documents.
acceptance = schema.config.checks.positive_data_acceptance
acceptance.expected_statuses = [*acceptance.expected_statuses, "412"]


@pytest.fixture(scope="module")
def session(api: Api) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers.update(api.headers)
        yield session


@pytest.fixture(scope="module")
def new_ids(api: Api, session: requests.Session) -> Callable[[], dict[str, str]]:
    """Return a maker of a secret that exists right now."""

    def make() -> dict[str, str]:
        # Another name each time, also where a worker comes back to this file: the server is the same.
        body = {"name": f"made_for_the_document_{uuid.uuid4().hex}", "value": VALUE}
        secret = session.post(api.secrets_url, json=body, timeout=10).json()
        return {
            "organization_id": api.organization_id,
            "secret_id": secret["id"],
            "version_id": secret["versions"][0]["id"],
        }

    return make


@pytest.fixture(scope="module")
def kept_ids(new_ids: Callable[[], dict[str, str]]) -> dict[str, str]:
    return new_ids()


def test_the_document_names_each_address_and_method_of_the_emulator_and_no_other() -> None:
    paths = yaml.safe_load(DOCUMENT.read_text())["paths"]
    methods = {method.lower() for method in HTTPMethod}
    documented = {path: {m.upper() for m in item if m in methods} for path, item in paths.items()}
    # The last pattern is the one that answers everything else with 404.
    assert documented == {_path(pattern): _methods(pattern) for pattern in urlpatterns[:-1]}


def _path(pattern: URLPattern) -> str:
    return PREFIX + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))


def _methods(pattern: URLPattern) -> set[str]:
    refused = pattern.callback(RequestFactory().generic("NONE", "/"))
    return set(refused.headers["Allow"].split(", "))


@schema.parametrize()
@settings(REPEATABLE, max_examples=60)
def test_every_request_is_answered_as_the_document_says(
    case: Case,
    api: Api,
    session: requests.Session,
    kept_ids: dict[str, str],
    new_ids: Callable[[], dict[str, str]],
) -> None:
    """Requests that fit are taken, others are refused, and no answer is a surprise."""
    path = case.meta.components.get(ParameterLocation.PATH)
    if path is None or path.mode == GenerationMode.POSITIVE:
        ids = new_ids() if case.method == HTTPMethod.DELETE else kept_ids
        case.path_parameters = {name: ids[name] for name in case.path_parameters}
    case.call_and_validate(base_url=api.url, session=session)
