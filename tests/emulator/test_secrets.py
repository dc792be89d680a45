import re

import pytest

from tests.emulator.api import Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_created_secret_has_every_key_of_the_platforms_answer(api: Api) -> None:
    answer = api.post(
        "",
        {
            "name": "bank_token",
            "value": encode("口座\n"),
            "description": "For the bank",
            "expired_at": "2030-12-15T16:50:33+09:00",
            "integration_service_type": "abeja-platform-labs",
            "integration_service_ids": ["9909389711171", "9916291917033"],
        },
    )

    assert answer.status == 201
    secret = answer.body
    (version,) = secret.pop("versions")
    for made in (secret, version):
        assert re.fullmatch(r"[0-9]{13}", made.pop("id"))
        assert TIMESTAMP.fullmatch(made.pop("created_at"))
        assert TIMESTAMP.fullmatch(made.pop("updated_at"))
    assert secret == {
        "organization_id": "1410000000000",
        "user_id": "1410000000001",
        "name": "bank_token",
        "description": "For the bank",
        "properties": None,
        "provider": "aws-secret-manager",
        "rotation": False,
        "integration_service_type": "abeja-platform-labs",
        "integration_service_ids": ["9909389711171", "9916291917033"],
        "expired_at": "2030-12-15T07:50:33Z",
    }
    assert re.fullmatch(r"[0-9]{13}", version.pop("secret_id"))
    assert version == {
        "organization_id": "1410000000000",
        "value": encode("口座\n"),
        "version": 1,
        "status": "active",
        "provider": "aws-secret-manager",
    }


def test_a_name_is_taken_once_per_organization(api: Api, stranger: Api) -> None:
    api.create("shared_name")
    again = api.post("", {"name": "shared_name", "value": encode("other")})

    assert again.error == (409, "conflict")
    assert again.body["error_detail"] == "name"
    assert stranger.create("shared_name")["organization_id"] == stranger.organization_id
    assert api.create("Shared_Name")["name"] == "Shared_Name"


def test_a_read_back_secret_equals_the_created_one(api: Api) -> None:
    made = api.create("bank_token", description="")

    assert api.get(f"/{made['id']}", return_secret_value="true").body == made
    assert made["description"] == ""


def test_a_missing_secret_is_not_found(api: Api) -> None:
    assert api.get("/1234567890123").error == (404, "not_found")
    assert api.patch("/1234567890123", {}).error == (404, "not_found")
    assert api.delete("/1234567890123").error == (404, "not_found")


@pytest.mark.parametrize("asked", ["True", "true", "1"])
def test_values_are_returned_where_the_query_asks(api: Api, asked: str) -> None:
    secret = api.create("bank_token", "open sesame")

    listed = api.get("", return_secret_value=asked).body["secrets"][0]
    read = api.get(f"/{secret['id']}", return_secret_value=asked).body
    patched = api.patch(f"/{secret['id']}", {}, return_secret_value=asked).body

    assert listed["versions"][0]["value"] == encode("open sesame")
    assert read["versions"][0]["value"] == encode("open sesame")
    assert patched["versions"][0]["value"] == encode("open sesame")


@pytest.mark.parametrize("query", [{}, {"return_secret_value": "false"}])
def test_values_are_null_where_the_query_does_not_ask(api: Api, query: dict[str, str]) -> None:
    secret = api.create("bank_token", "open sesame")

    listed = api.get("", **query).body["secrets"][0]
    read = api.get(f"/{secret['id']}", **query).body
    patched = api.patch(f"/{secret['id']}", {"description": "new"}, **query).body

    assert [one["versions"][0]["value"] for one in (listed, read, patched)] == [None] * 3


def test_an_unclear_question_for_values_is_refused_before_anything_changes(api: Api) -> None:
    secret = api.create("bank_token")

    refused = api.patch(f"/{secret['id']}", {"description": "new"}, return_secret_value="maybe")

    assert refused.error == (400, "bad_request")
    assert api.get(f"/{secret['id']}").body["description"] is None


def test_the_list_is_newest_first_and_has_next_is_exact(api: Api) -> None:
    names = [api.create(f"secret_{number}")["name"] for number in range(5)]
    newest_first = names[::-1]

    def page(**query: int) -> tuple[list[str], bool]:
        body = api.get("", **query).body
        return [secret["name"] for secret in body["secrets"]], body["has_next"]

    assert page() == (newest_first, False)
    assert page(limit=2) == (newest_first[:2], True)
    assert page(limit=2, offset=2) == (newest_first[2:4], True)
    assert page(limit=2, offset=3) == (newest_first[3:], False)
    assert page(limit=5) == (newest_first, False)
    assert page(limit=4) == (newest_first[:4], True)
    assert page(offset=5) == ([], False)
    assert page(offset=2**31 - 1) == ([], False)


def test_the_list_says_which_page_it_is(api: Api) -> None:
    body = api.get("", offset=7, limit=3).body
    assert body == {
        "organization_id": "1410000000000",
        "secrets": [],
        "offset": 7,
        "limit": 3,
        "has_next": False,
    }
    assert api.get().body["limit"] == 50


def test_an_update_changes_what_it_names_and_nothing_else(api: Api) -> None:
    secret = api.create("bank_token", description="old", expired_at="2030-01-01T00:00:00Z")

    changed = api.patch(f"/{secret['id']}", {"description": "new"}).body

    kept = {"updated_at", "description", "versions"}
    assert changed["description"] == "new"
    assert changed["updated_at"] > secret["updated_at"]
    assert {k: v for k, v in changed.items() if k not in kept} == {
        k: v for k, v in secret.items() if k not in kept
    }


def test_null_clears_a_field(api: Api) -> None:
    full = {
        "description": "old",
        "expired_at": "2030-01-01T00:00:00Z",
        "integration_service_type": "abeja-platform-labs",
        "integration_service_ids": ["1"],
    }
    secret = api.create("bank_token", **full)

    cleared = api.patch(f"/{secret['id']}", dict.fromkeys(full)).body

    assert {field: cleared[field] for field in full} == {
        "description": None,
        "expired_at": None,
        "integration_service_type": None,
        "integration_service_ids": [],
    }


def test_an_empty_list_clears_the_ids(api: Api) -> None:
    secret = api.create("bank_token", integration_service_ids=["1", "2"])
    changed = api.patch(f"/{secret['id']}", {"integration_service_ids": []}).body
    assert changed["integration_service_ids"] == []


def test_ids_separated_by_commas_are_a_list(api: Api) -> None:
    secret = api.create("bank_token")
    changed = api.patch(f"/{secret['id']}", {"integration_service_ids": "11, 22,22,"}).body
    assert changed["integration_service_ids"] == ["11", "22"]


@pytest.mark.parametrize("body", [{}, {"description": "same"}, {"unknown": 1}])
def test_an_update_that_changes_nothing_leaves_updated_at_alone(api: Api, body: dict) -> None:
    secret = api.create("bank_token", description="same")

    answer = api.patch(f"/{secret['id']}", body)

    assert answer.status == 200
    assert answer.body["updated_at"] == secret["updated_at"]


@pytest.mark.parametrize("field", ["name", "value"])
def test_what_cannot_be_changed_is_refused_and_not_ignored(api: Api, field: str) -> None:
    secret = api.create("bank_token")
    refused = api.patch(f"/{secret['id']}", {field: "bmV3"})
    assert refused.error == (400, "bad_request")
    assert refused.body["error_detail"] == field


def test_a_deleted_secret_is_gone_and_its_name_is_free(api: Api) -> None:
    secret = api.create("bank_token")
    api.add_version(secret)

    answer = api.delete(f"/{secret['id']}")

    assert answer.status == 200
    assert answer.body == {"message": f"secret_id {secret['id']} successfully deleted"}
    assert api.get(f"/{secret['id']}").status == 404
    assert api.get(f"/{secret['id']}/versions").status == 404
    assert api.create("bank_token")["id"] != secret["id"]
