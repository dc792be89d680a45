import hashlib

import pytest
from django.db import connections

from emulator import auth
from emulator.models import Organization, Token
from tests.emulator.api import Answer, Api, basic, bearer, encode
from tests.emulator.conftest import USER, token_for

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]

DATASOURCE = "datasource-1410000000999"


def ask(organization: Organization, authorization: str) -> Answer:
    return Api(organization.id, authorization).get()


@pytest.mark.storage
def test_each_kind_of_credential_is_let_in(organization: Organization) -> None:
    personal = token_for(organization, Token.Kind.PERSONAL)
    datasource = token_for(organization, Token.Kind.DATASOURCE, DATASOURCE)

    assert ask(organization, bearer(token_for(organization))).status == 200
    assert ask(organization, basic(USER, personal)).status == 200
    assert ask(organization, basic(DATASOURCE, datasource)).status == 200


def test_the_word_before_the_credential_is_read_in_any_case(organization: Organization) -> None:
    token = token_for(organization)
    assert ask(organization, f"bearer {token}").status == 200
    assert ask(organization, f"BEARER {token}").status == 200


def test_a_secret_belongs_to_whoever_made_it(organization: Organization) -> None:
    token = token_for(organization, Token.Kind.DATASOURCE, DATASOURCE)
    made = Api(organization.id, basic(DATASOURCE, token)).create("from_a_datasource")
    assert made["user_id"] == "1410000000999"


def test_one_person_may_have_several_tokens(organization: Organization) -> None:
    tokens = [token_for(organization, Token.Kind.PERSONAL) for _ in range(3)]
    assert [ask(organization, basic(USER, token)).status for token in tokens] == [200] * 3


def test_every_refusal_reads_the_same(organization: Organization) -> None:
    personal = token_for(organization, Token.Kind.PERSONAL)
    token = token_for(organization)
    public, secret = token.split(".", 1)
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Token " + token,
        bearer(public),
        bearer(f"{public}."),
        bearer(f"{public}.{secret[:-1]}"),
        bearer(f"{public}.{secret}x"),
        bearer(f"unknown.{secret}"),
        bearer(f".{secret}"),
        bearer(f"{public}\0.{secret}"),
        bearer(personal),
        bearer("ü.ü"),
        basic(USER, ""),
        basic(USER, personal[:-1]),
        basic(USER, token),
        basic("user-999", personal),
        basic("1410000000001", personal),
        basic("datasource-1410000000001", personal),
        basic(f"{USER}\0", personal),
        f"Basic {encode(USER)}",
        "Basic " + encode(b"\xff:\xff"),
        f"Basic {USER}:{personal}",
        "Basic ?",
    ]
    refusals = [ask(organization, authorization) for authorization in wrong]

    assert [refusal.error for refusal in refusals] == [(401, "unauthorized")] * len(wrong)
    assert all(refusal.body == refusals[0].body for refusal in refusals)
    assert all(refusal.headers["WWW-Authenticate"] for refusal in refusals)


def test_a_browser_is_never_made_to_ask_for_a_password(organization: Organization) -> None:
    assert "basic" not in ask(organization, "").headers["WWW-Authenticate"].lower()


@pytest.mark.parametrize("kind", [Token.Kind.BEARER, Token.Kind.PERSONAL])
def test_a_revoked_token_is_refused_and_others_stay(organization: Organization, kind: str) -> None:
    row, text = auth.issue_token(organization=organization, kind=kind, principal=USER)
    other = token_for(organization, kind)

    def authorization(token: str) -> str:
        return bearer(token) if kind == Token.Kind.BEARER else basic(USER, token)

    assert ask(organization, authorization(text)).status == 200
    auth.revoke(row)
    assert ask(organization, authorization(text)).error == (401, "unauthorized")
    assert ask(organization, authorization(other)).status == 200


def test_only_the_hash_of_a_token_is_stored(organization: Organization) -> None:
    token = token_for(organization)
    row = Token.objects.get()

    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    with connections["emulator"].cursor() as cursor:
        cursor.execute("SELECT * FROM emulator_token")
        assert token.partition(".")[2] not in repr(cursor.fetchall())


def test_a_token_has_256_random_bits(organization: Organization) -> None:
    tokens = {token_for(organization) for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token.partition(".")[2]) == 43 for token in tokens)


@pytest.mark.parametrize("known", [True, False])
def test_an_unknown_id_is_compared_like_a_known_one(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    public = token_for(organization).partition(".")[0]
    compared = []
    monkeypatch.setattr(auth.hmac, "compare_digest", lambda *pair: bool(compared.append(pair)))

    ask(organization, bearer(f"{public if known else 'unknown'}.wrong"))

    assert compared


@pytest.mark.parametrize(
    ("kind", "principal", "token"),
    [
        ("bearer", "1410000000001", None),
        ("bearer", DATASOURCE, None),
        ("personal", DATASOURCE, None),
        ("datasource", USER, None),
        ("personal", "user-", None),
        ("personal", "user-1:2", None),
        ("bearer", USER, "no dot at all"),
        ("bearer", USER, "public."),
    ],
)
def test_a_token_that_could_never_work_is_not_made(
    organization: Organization, kind: str, principal: str, token: str | None
) -> None:
    with pytest.raises(ValueError, match="token"):
        auth.issue_token(organization=organization, kind=kind, principal=principal, token=token)
    assert not Token.objects.exists()
