"""What is believed of a single sign-on proxy in front (AUTH_MODE=proxy); see docs/single-sign-on.md.

Every refusal is one sentence that names the variable and shows no value of it.
"""

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

from accounts.proxy import parsing
from accounts.proxy.config import HeaderConfig, TokenConfig
from dashboard.env import env, read, read_choice
from dashboard.proxy_presets import PRESETS

T = TypeVar("T")

_TOKEN, _HEADER = "jwt", "header"  # what PROXY_IDENTITY may be
_ALWAYS = "always"
_VARIABLES_OF_HEADER = (
    *("PROXY_USER_HEADER", "PROXY_EMAIL_HEADER", "PROXY_NAME_HEADER", "PROXY_GROUPS_HEADER"),
    *("PROXY_SECRET_HEADER", "PROXY_SECRETS", "PROXY_PEERS", "PROXY_ISSUER"),
)


def read_proxy_settings() -> TokenConfig | HeaderConfig:
    """Return the one way in which the proxy proves who somebody is.

    Raises ImproperlyConfigured.
    """
    kind = read_choice(
        "PROXY_IDENTITY",
        default="",
        choices={
            _TOKEN: "a signed token in a header",
            _HEADER: "plain headers, with a secret and from known addresses",
        },
    )
    _refuse_other_variables(kind)
    return _read_token_config() if kind == _TOKEN else _read_header_config()


def _refuse_other_variables(kind: str) -> None:
    """Two ways side by side would let whoever can break the weaker one choose it."""
    for name in sorted(name for name, value in os.environ.items() if value.strip()):
        of_token = name.startswith(("PROXY_JWT_", "PROXY_PRESET"))
        owner = _TOKEN if of_token else _HEADER if name in _VARIABLES_OF_HEADER else kind
        if owner != kind:
            raise ImproperlyConfigured(f"{name} belongs to PROXY_IDENTITY={owner}: take it out.")


def _read_token_config() -> TokenConfig:
    preset = _read_preset()
    issuer = _read("PROXY_JWT_ISSUER", parsing.parse_needed, preset)
    signers = _read("PROXY_JWT_SIGNER", parsing.parse_signers, preset)
    keys_url = _read(
        "PROXY_JWT_KEYS_URL", lambda text: _filled_keys_url(text, issuer, signers), preset
    )
    parse_audience = parsing.parse_list if signers else parsing.parse_needed_list
    return TokenConfig(
        header=_read("PROXY_JWT_HEADER", parsing.parse_header, preset),
        issuer=issuer,
        audiences=_read("PROXY_JWT_AUDIENCE", parse_audience, preset),
        signers=signers,
        algorithms=_read("PROXY_JWT_ALGORITHMS", parsing.parse_algorithms, preset),
        keys_url=keys_url,
        subject_claim=_read("PROXY_JWT_SUBJECT_CLAIM", parsing.parse_needed, preset, "sub"),
        name_claim=_read("PROXY_JWT_NAME_CLAIM", str, preset, "name"),
        email_claim=_read("PROXY_JWT_EMAIL_CLAIM", str, preset, "email"),
        groups_claim=_read("PROXY_JWT_GROUPS_CLAIM", str, preset, "groups"),
        email_is_verified=_read_email_is_verified(preset),
    )


def _filled_keys_url(text: str, issuer: str, signers: tuple[str, ...]) -> str:
    region = parsing.region_of(signers)
    if "{region}" in text and not region:
        raise ValueError("needs PROXY_JWT_SIGNER, or has to be set.")
    return parsing.parse_keys_url(text.replace("{issuer}", issuer).replace("{region}", region))


def _read_email_is_verified(preset: Mapping[str, str]) -> bool:
    default = preset.get("PROXY_JWT_EMAIL_VERIFIED", "claim")
    choices = {
        "claim": "only where the token says so",
        _ALWAYS: "the issuer knows no other addresses",
    }
    return read_choice("PROXY_JWT_EMAIL_VERIFIED", default=default, choices=choices) == _ALWAYS


def _read_preset() -> Mapping[str, str]:
    name = read(env.str, "PROXY_PRESET", "")
    if name and name not in PRESETS:
        raise ImproperlyConfigured(f"PROXY_PRESET must be one of: {', '.join(PRESETS)}; or empty.")
    return PRESETS.get(name, {})


def _read_header_config() -> HeaderConfig:
    config = HeaderConfig(
        user_header=_read("PROXY_USER_HEADER", parsing.parse_header, default="X-Remote-User"),
        email_header=_read("PROXY_EMAIL_HEADER", parsing.parse_header_or_none),
        name_header=_read("PROXY_NAME_HEADER", parsing.parse_header_or_none),
        groups_header=_read("PROXY_GROUPS_HEADER", parsing.parse_header_or_none),
        secret_header=_read("PROXY_SECRET_HEADER", parsing.parse_header, default="X-Proxy-Secret"),
        secrets=_read("PROXY_SECRETS", parsing.parse_secrets),
        peers=_read("PROXY_PEERS", parsing.parse_peers),
        issuer=_read("PROXY_ISSUER", parsing.parse_needed, default="proxy"),
    )
    names = [header.lower() for header in config.headers]
    if len(set(names)) < len(names):
        raise ImproperlyConfigured("PROXY_USER_HEADER and its like must be different headers.")
    return config


def _read(
    name: str, parse: Callable[[str], T], preset: Mapping[str, str] | None = None, default: str = ""
) -> T:
    text = read(env.str, name, (preset or {}).get(name, default)).strip()
    try:
        return parse(text)
    except ValueError as problem:
        raise ImproperlyConfigured(f"{name} {problem}") from None
