"""Nobody becomes Hanako by writing so: no forged identity is accepted, and the honest ones are."""

from collections.abc import Iterator

import pytest

from accounts.proxy import NotProven, headers, tokens
from accounts.proxy.config import HeaderConfig, TokenConfig
from accounts.proxy.parsing import parse_peers
from accounts.repeated_headers import REPEATED
from tests.accounts.proxy import forged_headers, forged_tokens
from tests.accounts.proxy.issuer import AUDIENCE, ISSUER, KeyServer, key_set, public_jwk, token

MY_KEYS = "/keys-of-my-own"
FORGED_HEADERS = {
    name: forgery for name, forgery in forged_headers.forgeries().items() if not forgery.by_server
}
HEADER_CONFIG = HeaderConfig(
    user_header="X-Remote-User",
    email_header="X-Remote-Email",
    name_header="X-Remote-Name",
    groups_header="X-Remote-Groups",
    secret_header="X-Proxy-Secret",
    secrets=(forged_headers.SECRET,),
    peers=parse_peers(forged_headers.PROXY),
    issuer="proxy",
)


@pytest.fixture
def forged_token_config(key_server: KeyServer) -> Iterator[TokenConfig]:
    key_server.publish("/keys", forged_tokens.published_keys())
    key_server.publish(MY_KEYS, key_set(public_jwk(forged_tokens.MINE, key_id="my-own")))
    yield TokenConfig(
        header="X-Proxy-Token",
        issuer=ISSUER,
        audiences=(AUDIENCE,),
        algorithms=("RS256", "ES256"),
        keys_url=f"{key_server.url}/keys",
    )
    # Nobody went where a token pointed.
    assert set(key_server.asked) <= {"/keys"}


def as_sent(content: str | bytes) -> str:
    return (content if isinstance(content, bytes) else content.encode()).decode("latin-1")


def test_there_are_enough_of_them() -> None:
    assert len(FORGED_HEADERS) + len(forged_tokens.forgeries("")) >= 200


# Plain headers


def test_the_honest_headers_are_accepted() -> None:
    honest = forged_headers.Forgery(forged_headers.HONEST)
    meta = {**forged_headers.meta_of(honest), REPEATED: ""}
    assert headers.identity_of(meta, HEADER_CONFIG).subject == "hanako"


@pytest.mark.parametrize("name", FORGED_HEADERS)
def test_no_forged_header_is_accepted(name: str) -> None:
    forgery = FORGED_HEADERS[name]
    names = forged_headers.names_of(forgery)
    twice = sorted({each for each in names if names.count(each) > 1})
    with pytest.raises(NotProven) as refused:
        headers.identity_of(
            {**forged_headers.meta_of(forgery), REPEATED: ",".join(twice)}, HEADER_CONFIG
        )
    assert forgery.reason in refused.value.reason


# Tokens


def test_the_honest_tokens_are_accepted(forged_token_config: TokenConfig) -> None:
    elliptic = token(key=forged_tokens.ELLIPTIC, algorithm="ES256", header={"kid": "key-2"})
    ignored = token(header={"jku": "https://evil.example", "x5u": "x", "jwk": {}, "x5c": []})
    for honest in (token(), elliptic, ignored, token(aud=[AUDIENCE])):
        found = tokens.identity_of({"HTTP_X_PROXY_TOKEN": honest}, forged_token_config)
        assert found.subject == "hanako"


@pytest.mark.parametrize("name", forged_tokens.forgeries(""))
def test_no_forged_token_is_accepted(
    name: str, forged_token_config: TokenConfig, key_server: KeyServer
) -> None:
    forgery = forged_tokens.forgeries(key_server.url + MY_KEYS)[name]
    with pytest.raises(NotProven) as refused:
        tokens.identity_of({"HTTP_X_PROXY_TOKEN": as_sent(forgery.make())}, forged_token_config)
    assert forgery.reason in refused.value.reason
