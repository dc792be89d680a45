"""Each preset believes a token of the form that its maker documents."""

from typing import Any

import pytest

from accounts.identity import Identity
from accounts.proxy import NotProven, tokens
from accounts.proxy.config import TokenConfig, meta_name
from dashboard.proxy_settings import read_proxy_settings
from tests.accounts.proxy.issuer import (
    KeyServer,
    claims,
    key_set,
    padded_token,
    private_key,
    public_jwk,
    public_pem,
    token,
)

ELLIPTIC = private_key("the issuer's", "ES256")
BALANCER = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/front/50dc6c495c0c9188"
)


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, key_server: KeyServer):
    """Read a preset's settings, with the keys on this machine."""

    def configure(preset: str, *, keys: str, **variables: str) -> TokenConfig:
        with monkeypatch.context() as environment:
            environment.setenv("PROXY_IDENTITY", "jwt")
            environment.setenv("PROXY_PRESET", preset)
            environment.setenv("PROXY_JWT_KEYS_URL", key_server.url + keys)
            for name, value in variables.items():
                environment.setenv(name, value)
            config = read_proxy_settings()
        assert isinstance(config, TokenConfig)
        return config

    return configure


def identify(config: TokenConfig, sent: str) -> Identity:
    return tokens.identity_of({meta_name(config.header): sent}, config)


# https://cloud.google.com/iap/docs/signed-headers-howto
def test_google_iap(configure, key_server: KeyServer) -> None:
    key_server.publish("/jwk", key_set(public_jwk(ELLIPTIC, key_id="f9R3yg", algorithm="ES256")))
    audience = "/projects/123456789/global/backendServices/987654321"
    config = configure("iap", keys="/jwk", PROXY_JWT_AUDIENCE=audience)
    told: dict[str, Any] = {
        "iss": "https://cloud.google.com/iap",
        "aud": audience,
        "sub": "accounts.google.com:118133858486581853996",
        "hd": "example.com",
        "google": {"access_levels": ["accessPolicies/1/accessLevels/a"]},
        **dict.fromkeys(("name", "email_verified", "groups")),
    }
    found = identify(config, token(algorithm="ES256", header={"kid": "f9R3yg"}, **told))
    assert found.subject == "accounts.google.com:118133858486581853996"
    assert (found.email, found.name, found.groups) == (("hanako@example.com",) * 2 + ((),))


# https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/application-token
def test_cloudflare_access(configure, key_server: KeyServer) -> None:
    issuer, audience = "https://example.cloudflareaccess.com", "32eafc7626e974616deaf0dc3ce63d7b"
    config = configure(
        "cloudflare", keys="/keys", PROXY_JWT_ISSUER=issuer, PROXY_JWT_AUDIENCE=audience
    )
    told: dict[str, Any] = {
        "iss": issuer,
        "aud": [audience],
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
        "nbf": claims()["iat"],
        "type": "app",
        "identity_nonce": "6ei69kawdKzMIAPF",
        "country": "JP",
        **dict.fromkeys(("name", "email_verified", "groups")),
    }
    found = identify(config, token(**told))
    assert (found.email, found.name, found.groups) == (("hanako@example.com",) * 2 + ((),))
    found = identify(config, token(**told, custom={"groups": ["staff"], "name": "山田 花子"}))
    assert (found.name, found.groups) == ("山田 花子", ("staff",))
    service = {**told, "sub": "", "email": None, "common_name": "a-service.access"}
    with pytest.raises(NotProven, match="subject"):
        identify(config, token(**service))


# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
def test_aws_load_balancers(configure, key_server: KeyServer) -> None:
    key_server.publish("/3b4f8c1e-0a6d-4f3e-9d2b-2f1c5b7a9e10", public_pem(ELLIPTIC))
    issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example"
    config = configure(
        "alb",
        keys="/{kid}",
        PROXY_JWT_ISSUER=issuer,
        PROXY_JWT_SIGNER=BALANCER,
        PROXY_JWT_AUDIENCE="5example0client0id",
    )
    head = {
        "typ": "JWT",
        "kid": "3b4f8c1e-0a6d-4f3e-9d2b-2f1c5b7a9e10",
        "alg": "ES256",
        "iss": issuer,
        "client": "5example0client0id",
        "signer": BALANCER,
        "exp": claims()["exp"],
    }
    told = claims(iss=issuer, aud=None, iat=None, email_verified="true", username="hanako")
    found = identify(config, padded_token(head, told, ELLIPTIC))
    assert (found.subject, found.email) == ("hanako", "hanako@example.com")


# An ID token of OpenID Connect Core 1.0, as Keycloak writes it.
def test_oauth2_proxy(configure) -> None:
    issuer = "https://sso.example.com/realms/main"
    config = configure(
        "oauth2-proxy",
        keys="/keys",
        PROXY_JWT_ISSUER=issuer,
        PROXY_JWT_AUDIENCE="secrets-dashboard",
    )
    sent = token(
        iss=issuer,
        typ="ID",
        azp="secrets-dashboard",
        nonce="n",
        sid="s",
        at_hash="h",
        acr="1",
        auth_time=claims()["iat"] - 5,
        preferred_username="hanako.yamada",
    )
    found = identify(config, f"Bearer {sent}")
    assert (found.subject, found.name) == ("hanako", "Hanako Yamada")
    assert found.signed_in_at is not None
