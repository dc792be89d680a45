"""The pages over HTTP, beside the official SDK and CLI on the same emulator."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests

from tests.contract.conftest import Api
from tests.contract.peers import cli_for, running_sdk
from tests.contract.values import AWKWARD
from tests.services.dashboard import manage
from tests.services.processes import wait_until

pytestmark = pytest.mark.peers
PASSWORD = "a long enough password"


class Person:
    """Somebody at the pages, with a browser that has no script."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.list_path = f"/organizations/{api.organization_id}/secrets/"

    def get(self, path: str) -> str:
        answer = self.browser.get(self.api.url + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **fields: str) -> requests.Response:
        token = self.get(path).partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        data = {"csrfmiddlewaretoken": token, **fields}
        answer = self.browser.post(self.api.url + path, data=data, timeout=30)
        assert answer.ok, answer.text
        return answer

    def sign_in_and_connect(self) -> None:
        self.post("/accounts/sign-in/", username="peer", password=PASSWORD)
        self.post(
            "/connect/",
            organization_id=self.api.organization_id,
            kind="personal",
            user_id=self.api.user_id,
            personal_access_token=self.api.personal_access_token,
        )

    def names_on_all_pages(self, per_page: int) -> list[str]:
        names: list[str] = []
        for page in range(1, 101):
            listed = Names.of(self.get(f"{self.list_path}?per_page={per_page}&page={page}"))
            names += listed.names
            if not listed.has_next:
                return names
        raise AssertionError("The pages never end.")

    def create(self, name: str, value: str) -> str:
        """Return the id of the new secret, from the address of the page it leads to."""
        answer = self.post(
            f"{self.list_path}new/",
            name=name,
            source="typed",
            # As a browser sends a text box.
            value=value.replace("\r\n", "\n").replace("\n", "\r\n"),
            expiry="none",
            expiry_zone="UTC",
        )
        found = re.search(r"/secrets/(\d+)/$", answer.url)
        assert found, answer.text
        return found[1]


class Names(HTMLParser):
    """The full names in the list, and whether there is a next page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.has_next = False

    @classmethod
    def of(cls, page: str) -> "Names":
        names = cls()
        names.feed(page)
        return names

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "a" and "name" in (given.get("class") or "").split():
            self.names.append(given.get("title") or "")
        self.has_next = self.has_next or given.get("rel") == "next"


@pytest.fixture(scope="module")
def person(api: Api) -> Iterator[Person]:
    environment = {**api.dashboard.environment, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    arguments = ("--noinput", "--username", "peer", "--email", "peer@example.com")
    manage("createsuperuser", *arguments, environment=environment)
    person = Person(api)
    person.sign_in_and_connect()
    yield person
    person.browser.close()


def personal(api: Api) -> dict[str, str]:
    return {"user_id": api.user_id, "personal_access_token": api.personal_access_token}


@pytest.mark.parametrize("per_page", [25, 100])
def test_the_pages_show_all_250_secrets_that_the_sdk_made(
    api: Api, person: Person, per_page: int
) -> None:
    made = [f"paged_{per_page:03}_{number:03}" for number in range(250)]
    with running_sdk(api.url, credential=personal(api)) as sdk:
        for name in made:
            sdk.secret("create_secret", organization_id=api.organization_id, name=name, value="v")
    # What others make shows within a minute, or once somebody asks to have it read again.
    person.get(f"{person.list_path}?reread=")
    wait_until(lambda: set(made) <= set(person.names_on_all_pages(per_page)), seconds=30)
    shown = person.names_on_all_pages(per_page)
    assert sorted(name for name in shown if name in set(made)) == made
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("kind", AWKWARD)
def test_a_value_put_in_at_the_pages_is_read_by_sdk_and_cli_byte_for_byte(
    api: Api, person: Person, kind: str, tmp_path: Path
) -> None:
    # A text box has one kind of line break, and it is kept as LF.
    value = AWKWARD[kind].replace("\r\n", "\n")
    secret_id = person.create(f"page_made_{kind}", value)

    with running_sdk(api.url, credential=personal(api)) as sdk:
        read = sdk.secret("get_secret", organization_id=api.organization_id, secret_id=secret_id)
    assert read["versions"][0]["value"] == value

    cli = cli_for(
        api.url,
        organization_id=api.organization_id,
        home=tmp_path,
        user=api.user_id.removeprefix("user-"),
        token=api.personal_access_token,
    )
    shown = cli.json("secret", "get", "--secret-id", secret_id)
    assert shown["versions"][0]["value"] == value
