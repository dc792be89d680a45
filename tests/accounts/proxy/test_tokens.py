"""Who a signed token names, and what it has to be for that."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.identity import Identity
from accounts.proxy import KeysUnavailable, NotProven
from accounts.proxy.config import TokenConfig
from accounts.proxy.tokens import identity_of
from tests.accounts.proxy.issuer import (
    ISSUER,
    KeyServer,
    claims,
    key_set,
    padded_token,
    private_key,
    public_jwk,
    public_pem,
    token,
)

BALANCER = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/front/50dc6c495c0c9188"
)


def ask(config: TokenConfig, value: str) -> Identity:
    name = "HTTP_" + config.header.upper().replace("-", "_")
    return identity_of({name: value}, config)


def refusal(config: TokenConfig, value: str) -> str:
    with pytest.raises(NotProven) as refused:
        ask(config, value)
    return refused.value.reason


def test_a_token_proves_who_sends_it(token_config: TokenConfig) -> None:
    assert ask(token_config, token()) == Identity(
        issuer=ISSUER,
        subject="hanako",
        name="Hanako Yamada",
        email="hanako@example.com",
        groups=("secrets-operators",),
    )


def test_only_the_configured_header_is_looked_at(token_config: TokenConfig) -> None:
    others = ("X-Goog-IAP-JWT-Assertion", "Cf-Access-Jwt-Assertion", "Authorization", "X-Token")
    for header in others:
        name = "HTTP_" + header.upper().replace("-", "_")
        with pytest.raises(NotProven, match="X-Proxy-Token holds no token"):
            identity_of({name: token(), "HTTP_X_REMOTE_USER": "hanako"}, token_config)


def test_in_authorization_a_token_stands_after_bearer(token_config: TokenConfig) -> None:
    config = replace(token_config, header="Authorization")
    assert ask(config, f"Bearer {token()}").subject == "hanako"
    assert ask(config, f"bearer {token()}").subject == "hanako"
    for value in (token(), f"Basic {token()}", f"Bearer  {token()}", f"Bearer{token()}"):
        assert "Authorization holds" in refusal(config, value)


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"])
def test_every_configurable_kind_of_signature_is_checked(
    algorithm: str, token_config: TokenConfig, key_server: KeyServer
) -> None:
    key = private_key("the issuer's", algorithm)
    key_server.publish("/keys", key_set(public_jwk(key, algorithm=algorithm)))
    config = replace(token_config, algorithms=(algorithm,))
    honest = token(key=key, algorithm=algorithm)
    assert ask(config, honest).subject == "hanako"
    head, body, _signature = honest.split(".")
    stolen = token(key=key, algorithm=algorithm, sub="taro").split(".")[2]
    assert refusal(config, f"{head}.{body}.{stolen}") == "the token's signature is wrong"


# Times


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [("exp", -29), ("iat", 29), ("nbf", 29), ("auth_time", 29)],
)
def test_clocks_may_differ_by_half_a_minute(
    changes: str, seconds: int, token_config: TokenConfig
) -> None:
    honest = token(**{changes: claims()["iat"] + seconds})
    assert ask(token_config, honest).subject == "hanako"


@pytest.mark.parametrize(
    ("claim", "seconds", "reason"),
    [
        ("exp", -35, "the token has expired"),
        ("iat", 40, "the token is from the future"),
        ("nbf", 40, "the token is from the future"),
        ("auth_time", 40, "the token's auth_time cannot be"),
    ],
)
def test_and_by_no_more(claim: str, seconds: int, reason: str, token_config: TokenConfig) -> None:
    assert refusal(token_config, token(**{claim: claims()["iat"] + seconds})) == reason


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["99999999999", True, [], {}, "soon"], ids=repr)
def test_a_time_is_a_number(claim: str, value: Any, token_config: TokenConfig) -> None:
    refusal(token_config, token(**{claim: value}))


def test_when_somebody_signed_in_is_told(token_config: TokenConfig) -> None:
    assert ask(token_config, token()).signed_in_at is None
    told = ask(token_config, token(auth_time=1_700_000_000)).signed_in_at
    assert told == datetime.fromtimestamp(1_700_000_000, tz=UTC)


# For whom


def test_every_audience_has_to_be_the_dashboard(token_config: TokenConfig) -> None:
    two = replace(token_config, audiences=("secrets-dashboard", "its-other-name"))
    assert ask(two, token(aud="its-other-name")).subject == "hanako"
    assert ask(two, token(aud=["secrets-dashboard", "its-other-name"])).subject == "hanako"
    assert "other applications too" in refusal(two, token(aud=["secrets-dashboard", "wiki"]))
    assert "another application" in refusal(two, token(aud=["wiki"]))


# What it says of somebody


def test_an_address_counts_once_it_is_verified(token_config: TokenConfig) -> None:
    assert ask(token_config, token(email_verified=True)).email == "hanako@example.com"
    assert ask(token_config, token(email_verified="true")).email == "hanako@example.com"
    for said in (None, False, "false", 1, 0, [True], {}, "yes"):
        assert ask(token_config, token(email_verified=said)).email == "", said


def test_issuers_that_know_only_verified_addresses_need_not_say_so(
    token_config: TokenConfig,
) -> None:
    config = replace(token_config, email_is_verified=True)
    assert ask(config, token(email_verified=None)).email == "hanako@example.com"
    assert ask(config, token(email_verified=False)).email == ""


def test_claims_stand_where_the_configuration_says(token_config: TokenConfig) -> None:
    config = replace(
        token_config,
        subject_claim="https://example.com/id",
        name_claim="custom.name",
        email_claim="custom.mail",
        groups_claim="realm_access.roles",
    )
    found = ask(
        config,
        token(
            **{"https://example.com/id": "8f3a", "realm_access": {"roles": ["a", "b"]}},
            custom={"name": "山田 花子", "mail": "h@example.com"},
        ),
    )
    assert (found.subject, found.name, found.email) == ("8f3a", "山田 花子", "h@example.com")
    assert found.groups == ("a", "b")


def test_the_name_of_one_group_is_not_taken_apart(token_config: TokenConfig) -> None:
    assert ask(token_config, token(groups="CN=Ops,OU=Tokyo")).groups == ("CN=Ops,OU=Tokyo",)
    assert ask(token_config, token(groups=None)).groups == ()
    assert ask(token_config, token(groups=[])).groups == ()


@pytest.mark.parametrize(
    "groups", [{"a": 1}, 7, True, [1], [None], [""], [" a"], ["a\u200b"], ["か\u3099"], ["x" * 256]]
)
def test_one_bad_group_refuses_the_token(groups: Any, token_config: TokenConfig) -> None:
    assert "group" in refusal(token_config, token(groups=groups))


@pytest.mark.parametrize(
    "subject", [None, "", " ", "hanako ", "hаnako", "hanako\n", "x" * 256, 7, ["hanako"], {}]
)
def test_without_a_plain_subject_there_is_nobody(subject: Any, token_config: TokenConfig) -> None:
    assert "the token's subject" in refusal(token_config, token(sub=subject))


@pytest.mark.parametrize("name", [None, 7, "", "a\u202eb", "x" * 256, "\ud800"], ids=ascii)
def test_a_name_that_cannot_be_shown_gives_way(name: Any, token_config: TokenConfig) -> None:
    assert ask(token_config, token(name=name)).name == "hanako@example.com"
    assert ask(token_config, token(name=name, email=None)).name == "hanako"


def test_names_are_written_in_one_way(token_config: TokenConfig) -> None:
    assert ask(token_config, token(name=" 山田　か\u3099 ")).name == "山田 が"


# AWS load balancers


@pytest.fixture
def balancer_config(token_config: TokenConfig, key_server: KeyServer) -> TokenConfig:
    key_server.publish("/key-1", public_pem(private_key("the issuer's", "ES256")))
    return replace(
        token_config,
        audiences=(),
        signers=(BALANCER,),
        algorithms=("ES256",),
        keys_url=key_server.url + "/{kid}",
    )


def balancer_token(*, header: dict[str, Any] | None = None, **changes: Any) -> str:
    head = {"typ": "JWT", "alg": "ES256", "kid": "key-1", "signer": BALANCER, "client": "ours"}
    told = claims(**{"aud": None, "iat": None, **changes})
    return padded_token({**head, **(header or {})}, told, private_key("the issuer's", "ES256"))


def test_a_load_balancers_token_names_it_instead_of_an_audience(
    balancer_config: TokenConfig,
) -> None:
    assert "=" in balancer_token()
    assert ask(balancer_config, balancer_token()).subject == "hanako"
    for signer in (None, BALANCER + "0", [BALANCER], ""):
        assert "another load balancer" in refusal(
            balancer_config, balancer_token(header={"signer": signer})
        )


def test_its_client_is_checked_where_one_is_named(balancer_config: TokenConfig) -> None:
    config = replace(balancer_config, audiences=("ours",))
    assert ask(config, balancer_token()).subject == "hanako"
    assert "another application" in refusal(config, balancer_token(header={"client": "wiki"}))


def test_it_has_to_end_and_to_name_its_issuer(balancer_config: TokenConfig) -> None:
    assert "lacks a claim" in refusal(balancer_config, balancer_token(exp=None))
    assert "lacks a claim" in refusal(balancer_config, balancer_token(iss=None))
    assert "another issuer" in refusal(balancer_config, balancer_token(iss="https://evil.example"))


def test_padding_is_taken_from_load_balancers_only(token_config: TokenConfig) -> None:
    # A signature of 256 bytes is padded with two signs.
    assert "something else than one token" in refusal(token_config, token() + "==")


# Refusals


def test_a_refusal_holds_nothing_of_the_token(token_config: TokenConfig) -> None:
    with pytest.raises(NotProven) as refused:
        ask(token_config, token(iss="https://marked.example", name="marked"))
    assert "marked" not in f"{refused.value!r}{refused.value.reason}"
    assert refused.value.__suppress_context__


def test_a_token_that_is_no_good_anyhow_makes_nobody_ask_for_keys(
    token_config: TokenConfig, key_server: KeyServer
) -> None:
    for forged in (token(aud="wiki"), token(exp=1), token(iss="https://evil.example")):
        refusal(token_config, forged)
    assert key_server.asked == []


def test_without_keys_nobody_is_to_blame(token_config: TokenConfig, key_server: KeyServer) -> None:
    key_server.answers.clear()
    with pytest.raises(KeysUnavailable):
        ask(token_config, token())
