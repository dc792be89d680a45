"""A change with If-Match happens to the secret that its sender saw, or not at all."""

import pytest

from tests.emulator.api import Answer, Api

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

OTHER = '"0123456789abcdef0123456789abcdef"'
CHANGE = {"description": "new"}


@pytest.fixture
def address(api: Api) -> str:
    return f"/{api.create('bank_token', description='old')['id']}"


def etag(api: Api, address: str) -> str:
    return api.get(address).headers["ETag"]


def change(api: Api, address: str, if_match: str, body: object = CHANGE) -> Answer:
    return api.call("PATCH", address, body=body, HTTP_IF_MATCH=if_match)


def assert_untouched(api: Api, address: str, before: Answer) -> None:
    after = api.get(address)
    assert (after.body, after.headers["ETag"]) == (before.body, before.headers["ETag"])


@pytest.mark.parametrize(
    "sent",
    ["{tag}", "*", " * ", f"{OTHER}, {{tag}}", f'"a,b",{{tag}},W/{OTHER}', ", ,{tag},", "{tag} "],
)
def test_a_change_to_the_secret_as_it_is_goes_through(api: Api, address: str, sent: str) -> None:
    answer = change(api, address, sent.format(tag=etag(api, address)))
    assert (answer.status, answer.body["description"]) == (200, "new")


@pytest.mark.parametrize("sent", [OTHER, f'{OTHER}, ""', "W/{tag}", f"{OTHER}, W/{{tag}}"])
def test_a_change_to_another_state_is_refused_and_changes_nothing(
    api: Api, address: str, sent: str
) -> None:
    before = api.get(address)

    refused = change(api, address, sent.format(tag=before.headers["ETag"]))

    assert refused.error == (412, "precondition_failed")
    assert refused.body["error_detail"] == "If-Match"
    assert "ETag" not in refused.headers
    assert_untouched(api, address, before)


@pytest.mark.parametrize(
    "sent", ["", ",", "{bare}", "{tag}, x", "{tag}, *", "{tag} {tag}", "w/{tag}"]
)
def test_what_is_neither_a_star_nor_a_list_of_tags_is_refused(
    api: Api, address: str, sent: str
) -> None:
    before = api.get(address)
    tag = before.headers["ETag"]

    refused = change(api, address, sent.format(tag=tag, bare=tag.strip('"')))

    assert refused.error == (400, "bad_request")
    assert_untouched(api, address, before)


def test_the_second_of_two_editors_is_told(api: Api, address: str) -> None:
    seen = etag(api, address)

    assert change(api, address, seen, {"description": "first"}).status == 200
    assert change(api, address, seen, {"description": "second"}).status == 412
    assert api.get(address).body["description"] == "first"


def test_a_change_that_would_be_none_is_refused_too(api: Api, address: str) -> None:
    assert change(api, address, OTHER, {}).status == 412


@pytest.mark.parametrize("sent", ["*", OTHER])
def test_what_is_not_there_is_not_found_whatever_was_expected(api: Api, sent: str) -> None:
    assert change(api, "/1234567890123", sent).error == (404, "not_found")


def test_a_tag_opens_no_other_organizations_secret(api: Api, stranger: Api, address: str) -> None:
    assert change(stranger, address, etag(api, address)).error == (404, "not_found")
