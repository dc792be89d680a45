"""Whatever is sent, the answer is an identity or a refusal, and never a failure of ours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.identity import Identity
from accounts.proxy import NotProven, headers, tokens
from accounts.proxy.config import TokenConfig
from accounts.repeated_headers import REPEATED
from tests.accounts.proxy.issuer import claims, signed
from tests.accounts.proxy.test_headers import CONFIG, HONEST

BYTES_AS_SENT = st.text(st.characters(max_codepoint=255), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
HEADER_FIELDS = st.sampled_from(("alg", "kid", "typ", "crit", "b64", "enc", "zip", "jku", "x5c"))
CLAIMS = st.sampled_from(
    (*claims(), "nbf", "auth_time", "email_verified", "jti", "realm_access", "azp")
)
# The fixtures hold nothing that an example changes.
fuzz = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(identify: Any, meta: dict[str, str], config: Any) -> Identity | str:
    try:
        return identify(meta, config)
    except NotProven as refused:
        return refused.reason


@fuzz
@given(value=BYTES_AS_SENT)
def test_any_text_for_a_token(value: str, token_config: TokenConfig) -> None:
    found = outcome(tokens.identity_of, {"HTTP_X_PROXY_TOKEN": value}, token_config)
    assert isinstance(found, str)


@fuzz
@given(header=st.dictionaries(HEADER_FIELDS, JSON), changes=st.dictionaries(CLAIMS, JSON))
def test_any_contents_of_a_signed_token(
    header: dict[str, Any], changes: dict[str, Any], token_config: TokenConfig
) -> None:
    head = {"alg": "RS256", "kid": "key-1", **header}
    token = signed(head, {**claims(), **changes})
    found = outcome(tokens.identity_of, {"HTTP_X_PROXY_TOKEN": token}, token_config)
    if isinstance(found, Identity):
        assert found.subject == changes.get("sub", "hanako")
        assert all(isinstance(group, str) for group in found.groups)


@fuzz
@given(
    changes=st.dictionaries(
        st.sampled_from((*HONEST, "HTTP_X_REMOTE_NAME", "HTTP_X_REMOTE_GROUPS")), BYTES_AS_SENT
    )
)
def test_any_headers(changes: dict[str, str]) -> None:
    found = outcome(headers.identity_of, {**HONEST, **changes}, CONFIG)
    if isinstance(found, Identity):
        assert found.subject == changes.get("HTTP_X_REMOTE_USER", "hanako")
        assert found.subject.isascii()
        assert changes.get("HTTP_X_PROXY_SECRET", "") in {"", *CONFIG.secrets}
        assert "X-REMOTE-USER" not in changes.get(REPEATED, "").split(",")


@pytest.mark.parametrize("peer", ["", "x", "::", "1.2.3.4.5", "\0", "%", "::1%", "%lo"])
def test_any_peer(peer: str) -> None:
    assert "PROXY_PEERS" in str(
        outcome(headers.identity_of, {**HONEST, "REMOTE_ADDR": peer}, CONFIG)
    )
