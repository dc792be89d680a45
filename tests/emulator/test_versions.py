import pytest

from emulator import parameters
from tests.emulator.api import Api, decode, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


def versions_of(secret: dict) -> str:
    return f"/{secret['id']}/versions"


def test_a_new_version_has_the_next_number_and_is_active(api: Api) -> None:
    secret = api.create("bank_token")

    answer = api.post(versions_of(secret), {"value": encode("second")})

    assert answer.status == 201
    assert set(answer.body) == {
        *("id", "organization_id", "secret_id", "value", "version"),
        *("status", "provider", "created_at", "updated_at"),
    }
    assert (answer.body["version"], answer.body["status"]) == (2, "active")
    assert answer.body["secret_id"] == secret["id"]


def test_a_created_version_shows_its_value_only_where_the_query_asks(api: Api) -> None:
    secret = api.create("bank_token")
    body = {"value": encode("second")}

    assert api.post(versions_of(secret), body).body["value"] is None
    asked = api.post(versions_of(secret), body, return_secret_value="True")
    assert decode(asked.body["value"]) == "second"


def test_adding_a_version_leaves_the_others_and_the_secret_as_they_are(api: Api) -> None:
    secret = api.create("bank_token")
    api.add_version(secret)

    after = api.get(f"/{secret['id']}").body

    assert [version["status"] for version in after["versions"]] == ["active", "active"]
    assert after["updated_at"] == secret["updated_at"]


def test_a_number_is_never_given_twice(api: Api) -> None:
    secret = api.create("bank_token")
    newest = api.add_version(secret)
    api.delete(f"{versions_of(secret)}/{newest['id']}")
    api.delete(f"{versions_of(secret)}/{secret['versions'][0]['id']}")

    assert api.add_version(secret)["version"] == 3


def test_a_secret_takes_no_more_versions_than_it_may_have_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parameters.MAX_VERSIONS == 1_000
    monkeypatch.setattr(parameters, "MAX_VERSIONS", 3)
    secret, other = api.create("bank_token"), api.create("mail_token")
    first = secret["versions"][0]
    api.add_version(secret)
    api.add_version(secret)

    refused = api.post(versions_of(secret), {"value": encode("one too many")})

    assert refused.error == (400, "bad_request")
    assert "at most 3 versions" in refused.body["error_description"]
    assert api.get(versions_of(secret)).body["pagination"]["count"] == 3
    api.add_version(other)
    api.delete(f"{versions_of(secret)}/{first['id']}")
    assert api.add_version(secret)["version"] == 4


def test_versions_are_newest_first_with_an_exact_pagination(api: Api) -> None:
    secret = api.create("bank_token")
    for _ in range(4):
        api.add_version(secret)

    def page(**query: int) -> tuple[list[int], dict]:
        body = api.get(versions_of(secret), **query).body
        assert set(body) == {"versions", "pagination"}
        return [version["version"] for version in body["versions"]], body["pagination"]

    def pagination(offset: int, limit: int, *, has_next: bool) -> dict:
        return {"count": 5, "has_next": has_next, "limit": limit, "offset": offset}

    assert page() == ([5, 4, 3, 2, 1], pagination(0, 50, has_next=False))
    assert page(limit=2) == ([5, 4], pagination(0, 2, has_next=True))
    assert page(limit=2, offset=3) == ([2, 1], pagination(3, 2, has_next=False))
    assert page(limit=2, offset=2) == ([3, 2], pagination(2, 2, has_next=True))
    assert page(offset=5) == ([], pagination(5, 50, has_next=False))


def test_values_are_returned_where_the_query_asks(api: Api) -> None:
    secret = api.create("bank_token", "open sesame")
    one = f"{versions_of(secret)}/{secret['versions'][0]['id']}"

    asked = {"return_secret_value": "True"}
    listed = api.get(versions_of(secret), **asked).body["versions"][0]
    assert decode(listed["value"]) == "open sesame"
    assert decode(api.get(one, **asked).body["value"]) == "open sesame"
    assert decode(api.patch(one, {"status": "active"}, **asked).body["value"]) == "open sesame"


def test_values_are_null_where_the_query_does_not_ask(api: Api) -> None:
    secret = api.create("bank_token", "open sesame")
    one = f"{versions_of(secret)}/{secret['versions'][0]['id']}"

    assert api.get(versions_of(secret)).body["versions"][0]["value"] is None
    assert api.get(one).body["value"] is None
    assert api.patch(one, {"status": "inactive"}).body["value"] is None


@pytest.mark.parametrize(
    "value",
    [b"\xff\x00\xfe", b" \t\n", "日本語 🔑\r\n".encode(), b"x" * 65_536],
    ids=["binary", "blank", "unicode", "largest"],
)
def test_any_bytes_come_back_as_they_were_sent(api: Api, value: bytes) -> None:
    secret = api.create("bank_token")
    made = api.post(versions_of(secret), {"value": encode(value)}).body
    read = api.get(f"{versions_of(secret)}/{made['id']}", return_secret_value="1").body
    assert read["value"] == encode(value)


def test_a_version_is_turned_off_and_on(api: Api) -> None:
    secret = api.create("bank_token")
    one = f"{versions_of(secret)}/{secret['versions'][0]['id']}"

    off = api.patch(one, {"status": "inactive"}).body
    still_off = api.patch(one, {"status": "inactive"}).body
    on = api.patch(one, {"status": "active"}).body

    assert [off["status"], still_off["status"], on["status"]] == ["inactive", "inactive", "active"]
    assert still_off["updated_at"] == off["updated_at"]
    assert on["updated_at"] > off["updated_at"]


@pytest.mark.parametrize("body", [{}, {"status": "off"}, {"status": None}, {"status": ["active"]}])
def test_another_status_is_refused(api: Api, body: dict) -> None:
    secret = api.create("bank_token")
    answer = api.patch(f"{versions_of(secret)}/{secret['versions'][0]['id']}", body)
    assert answer.error == (400, "bad_request")


def test_a_deleted_version_is_gone(api: Api) -> None:
    secret = api.create("bank_token")
    version_id = secret["versions"][0]["id"]

    answer = api.delete(f"{versions_of(secret)}/{version_id}")

    assert answer.body == {"message": f"secret_version_id {version_id} successfully deleted"}
    assert api.get(f"{versions_of(secret)}/{version_id}").error == (404, "not_found")
    assert api.get(f"/{secret['id']}").body["versions"] == []


def test_a_version_is_found_under_its_own_secret_only(api: Api) -> None:
    secret, other = api.create("bank_token"), api.create("other_token")
    crossed = f"{versions_of(other)}/{secret['versions'][0]['id']}"

    assert api.get(crossed).error == (404, "not_found")
    assert api.patch(crossed, {"status": "inactive"}).error == (404, "not_found")
    assert api.delete(crossed).error == (404, "not_found")
    assert api.post("/1234567890123/versions", {"value": encode("x")}).error == (404, "not_found")
