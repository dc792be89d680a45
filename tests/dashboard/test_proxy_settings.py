"""What PROXY_… variables mean, and which of them stop the start."""

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.proxy.config import HeaderConfig, TokenConfig
from dashboard.proxy_presets import PRESETS
from dashboard.proxy_settings import read_proxy_settings

BALANCER = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/front/50dc6c495c0c9188"
)
SECRET = "a-secret-of-32-characters-or-more"
HEADER = {
    "PROXY_IDENTITY": "header",
    "PROXY_SECRETS": SECRET,
    "PROXY_PEERS": "10.0.0.5",
}
TOKEN = {
    "PROXY_IDENTITY": "jwt",
    "PROXY_JWT_HEADER": "X-Token",
    "PROXY_JWT_ISSUER": "https://sso.example.com",
    "PROXY_JWT_AUDIENCE": "secrets-dashboard",
    "PROXY_JWT_ALGORITHMS": "RS256",
    "PROXY_JWT_KEYS_URL": "https://sso.example.com/keys",
}

Read = Callable[..., Any]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the settings from these variables and no other ones."""

    def read(*settings: dict[str, str], **changes: str) -> Any:
        variables: dict[str, str] = {}
        for some in (*settings, changes):
            variables.update(some)
        with monkeypatch.context() as environment:
            for name, value in variables.items():
                environment.setenv(name, value)
            return read_proxy_settings()

    return read


@pytest.fixture
def refusal(read: Read) -> Callable[..., str]:
    def refusal(*settings: dict[str, str], **changes: str) -> str:
        with pytest.raises(ImproperlyConfigured) as refused:
            read(*settings, **changes)
        sentence = str(refused.value)
        assert SECRET not in sentence
        assert sentence.endswith(".")
        return sentence

    return refusal


# Which way


def test_exactly_one_way_is_chosen(refusal: Callable[..., str]) -> None:
    assert "PROXY_IDENTITY must be one of" in refusal()
    assert "PROXY_IDENTITY must be one of" in refusal(HEADER, PROXY_IDENTITY="jwt,header")


@pytest.mark.parametrize("name", [*HEADER, "PROXY_USER_HEADER", "PROXY_ISSUER"])
def test_a_token_leaves_no_room_for_plain_headers(name: str, refusal: Callable[..., str]) -> None:
    if name != "PROXY_IDENTITY":
        assert refusal(TOKEN, {name: "x"}).startswith(f"{name} belongs to PROXY_IDENTITY=header")


@pytest.mark.parametrize("name", [*TOKEN, "PROXY_PRESET", "PROXY_JWT_SIGNER"])
def test_plain_headers_leave_no_room_for_a_token(name: str, refusal: Callable[..., str]) -> None:
    if name != "PROXY_IDENTITY":
        assert refusal(HEADER, {name: "x"}).startswith(f"{name} belongs to PROXY_IDENTITY=jwt")


def test_other_variables_that_happen_to_start_like_ours_are_left_alone(read: Read) -> None:
    assert read(HEADER, PROXY_SIGN_OUT_URL="https://sso.example.com/out", PROXY_PORT="80")
    assert read(TOKEN, PROXY_SIGN_OUT_URL="https://sso.example.com/out", PROXY_USER_HEADER="")


# Plain headers


def test_plain_headers_have_defaults(read: Read) -> None:
    assert read(HEADER) == HeaderConfig(
        user_header="X-Remote-User",
        secret_header="X-Proxy-Secret",
        secrets=(SECRET,),
        peers=(ipaddress.ip_network("10.0.0.5/32"),),
        issuer="proxy",
    )


def test_everything_of_plain_headers_can_be_set(read: Read) -> None:
    config = read(
        HEADER,
        PROXY_USER_HEADER="X-Auth-Request-User",
        PROXY_EMAIL_HEADER="X-Auth-Request-Email",
        PROXY_NAME_HEADER="X-Auth-Request-Name",
        PROXY_GROUPS_HEADER="X-Auth-Request-Groups",
        PROXY_SECRET_HEADER="X-Secret",
        PROXY_SECRETS=f" {SECRET} , {SECRET}2 ",
        PROXY_PEERS="10.0.0.0/24, 2001:db8::1",
        PROXY_ISSUER="sso.example.com",
    )
    assert config.headers == (
        *("X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Name"),
        *("X-Auth-Request-Groups", "X-Secret"),
    )
    assert config.secrets == (SECRET, f"{SECRET}2")
    assert [str(peer) for peer in config.peers] == ["10.0.0.0/24", "2001:db8::1/128"]
    assert config.issuer == "sso.example.com"


@pytest.mark.parametrize(
    ("secrets", "sentence"),
    [
        ("", "must hold a secret"),
        (" , ", "must hold a secret"),
        ("x" * 31, "at least 32 characters"),
        (f"{SECRET},short", "at least 32 characters"),
        (SECRET + "\u00e9", "ASCII"),
        (SECRET + " and more", "ASCII"),
    ],
    ids=ascii,
)
def test_a_secret_is_long_and_plain(
    secrets: str, sentence: str, refusal: Callable[..., str]
) -> None:
    assert sentence in refusal(HEADER, PROXY_SECRETS=secrets)


@pytest.mark.parametrize(
    "peers",
    [
        *(
            "",
            ",",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.5,0.0.0.0/0",
            "0.0.0.0/1,128.0.0.0/1",
            "10.0.0.0/7",
        ),
        *(
            "10.0.0.5/24",
            "10.0.0.1/8",
            "2001:db8::1/64",
            "::ffff:10.0.0.5",
            "::ffff:0:0/96",
            "::/8",
        ),
        *(
            "fe80::1%eth0",
            "fe80::%eth0/64",
            "proxy.internal",
            "10.0.0",
            "10.0.0.05",
            "*",
            "10.0.0.5-9",
        ),
        *("10.0.0.5;10.0.0.6", "10.0.0.5 10.0.0.6", "[2001:db8::1]", "10.0.0.5:80", "167772165/33"),
    ],
)
def test_peers_are_the_proxys_own_addresses(peers: str, refusal: Callable[..., str]) -> None:
    assert refusal(HEADER, PROXY_PEERS=peers).startswith("PROXY_PEERS must ")


@pytest.mark.parametrize("name", ["X_Remote_User", "X Remote", "X-Remote:", "Ｘ", "-X", "X-Ä", "9"])
def test_a_header_has_a_name_that_a_server_lets_through(
    name: str, refusal: Callable[..., str]
) -> None:
    for variable in ("PROXY_USER_HEADER", "PROXY_GROUPS_HEADER", "PROXY_SECRET_HEADER"):
        assert "must be the name of a header" in refusal(HEADER, {variable: name})
    assert "must be the name of a header" in refusal(TOKEN, PROXY_JWT_HEADER=name)


def test_no_header_says_two_things(refusal: Callable[..., str]) -> None:
    assert "different headers" in refusal(HEADER, PROXY_EMAIL_HEADER="x-remote-USER")
    assert "different headers" in refusal(HEADER, PROXY_SECRET_HEADER="X-Remote-User")


# A token


def test_a_token_by_hand(read: Read) -> None:
    assert read(TOKEN) == TokenConfig(
        header="X-Token",
        issuer="https://sso.example.com",
        audiences=("secrets-dashboard",),
        algorithms=("RS256",),
        keys_url="https://sso.example.com/keys",
    )


@pytest.mark.parametrize("name", [name for name in TOKEN if name != "PROXY_IDENTITY"])
def test_nothing_about_a_token_is_left_open(name: str, refusal: Callable[..., str]) -> None:
    assert refusal(TOKEN, {name: ""}).startswith(f"{name} must ")


@pytest.mark.parametrize(
    "algorithms",
    ["none", "HS256", "RS256,HS256", "HS512", "NONE", "RS256 ES256", "rs256", "ES256K", ","],
)
def test_signatures_are_made_with_a_private_key(
    algorithms: str, refusal: Callable[..., str]
) -> None:
    sentence = refusal(TOKEN, PROXY_JWT_ALGORITHMS=algorithms)
    assert sentence.startswith("PROXY_JWT_ALGORITHMS must hold some of: RS256")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://sso.example.com/keys",
            "ftp://sso.example.com",
            "sso.example.com/keys",
            "https://",
        ),
        *(
            "https://user@sso.example.com",
            "https://u:p@sso.example.com/",
            "https://sso.example.com/#x",
        ),
        *(
            "file:///etc/passwd",
            "https://sso.example.com:x/",
            "https://sso.example.com/a b",
            "https://[",
        ),
        *(
            "http://127.0.0.1.example.com/",
            "https://{kid}.example.com/",
            "https://sso.example.com/{x}",
        ),
        *("https://sso.example.com/{kid}/{kid}", "https://sso.example.com:0/"),
    ],
)
def test_keys_come_over_https(url: str, refusal: Callable[..., str]) -> None:
    assert refusal(TOKEN, PROXY_JWT_KEYS_URL=url).startswith("PROXY_JWT_KEYS_URL m")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/keys", "http://localhost/keys", "http://[::1]:80/keys"]
)
def test_except_on_this_machine(url: str, read: Read) -> None:
    assert read(TOKEN, PROXY_JWT_KEYS_URL=url).keys_url == url


def test_whose_addresses_are_verified_is_a_choice(read: Read, refusal: Callable[..., str]) -> None:
    assert read(TOKEN, PROXY_JWT_EMAIL_VERIFIED="claim").email_is_verified is False
    assert read(TOKEN, PROXY_JWT_EMAIL_VERIFIED="always").email_is_verified is True
    assert "must be one of" in refusal(TOKEN, PROXY_JWT_EMAIL_VERIFIED="on")


def test_claims_can_be_elsewhere_or_left_out(read: Read) -> None:
    config = read(TOKEN, PROXY_JWT_SUBJECT_CLAIM="oid", PROXY_JWT_GROUPS_CLAIM="roles")
    assert (config.subject_claim, config.groups_claim) == ("oid", "roles")


# Presets


def test_google_iap(read: Read) -> None:
    config = read(
        PROXY_IDENTITY="jwt",
        PROXY_PRESET="iap",
        PROXY_JWT_AUDIENCE="/projects/1/global/backendServices/2",
    )
    assert config == TokenConfig(
        header="X-Goog-IAP-JWT-Assertion",
        issuer="https://cloud.google.com/iap",
        audiences=("/projects/1/global/backendServices/2",),
        algorithms=("ES256",),
        keys_url="https://www.gstatic.com/iap/verify/public_key-jwk",
        email_is_verified=True,
    )


def test_cloudflare_access(read: Read) -> None:
    config = read(
        PROXY_IDENTITY="jwt",
        PROXY_PRESET="cloudflare",
        PROXY_JWT_ISSUER="https://example.cloudflareaccess.com",
        PROXY_JWT_AUDIENCE="32eafc76",
    )
    assert config == TokenConfig(
        header="Cf-Access-Jwt-Assertion",
        issuer="https://example.cloudflareaccess.com",
        audiences=("32eafc76",),
        algorithms=("RS256",),
        keys_url="https://example.cloudflareaccess.com/cdn-cgi/access/certs",
        name_claim="custom.name",
        groups_claim="custom.groups",
        email_is_verified=True,
    )


ALB = {
    "PROXY_IDENTITY": "jwt",
    "PROXY_PRESET": "alb",
    "PROXY_JWT_ISSUER": "https://sso.example.com",
    "PROXY_JWT_SIGNER": BALANCER,
}


def test_aws_load_balancers(read: Read) -> None:
    assert read(ALB) == TokenConfig(
        header="X-Amzn-Oidc-Data",
        issuer="https://sso.example.com",
        audiences=(),
        algorithms=("ES256",),
        keys_url="https://public-keys.auth.elb.eu-west-1.amazonaws.com/{kid}",
        signers=(BALANCER,),
    )
    assert read(ALB, PROXY_JWT_AUDIENCE="client-id").audiences == ("client-id",)


@pytest.mark.parametrize(
    "signer",
    [
        *("", "front", "arn:aws:s3:::bucket", BALANCER.replace("/app/", "/net/"), "*"),
        *(BALANCER.replace("aws:", "aws-cn:"), f"{BALANCER},{BALANCER.replace('eu-', 'us-')}"),
    ],
)
def test_a_load_balancer_is_named_by_its_arn(signer: str, refusal: Callable[..., str]) -> None:
    sentence = refusal(ALB, PROXY_JWT_SIGNER=signer)
    assert "PROXY_JWT_SIGNER" in sentence or sentence.startswith("PROXY_JWT_KEYS_URL")


def test_outside_of_awss_main_partition_keys_are_elsewhere(read: Read) -> None:
    signer = BALANCER.replace("aws:", "aws-cn:").replace("eu-west-1", "cn-north-1")
    url = "https://public-keys.auth.elb.cn-north-1.amazonaws.com.cn/{kid}"
    assert read(ALB, PROXY_JWT_SIGNER=signer, PROXY_JWT_KEYS_URL=url).keys_url == url


def test_oauth2_proxy(read: Read) -> None:
    config = read(
        PROXY_IDENTITY="jwt",
        PROXY_PRESET="oauth2-proxy",
        PROXY_JWT_ISSUER="https://sso.example.com",
        PROXY_JWT_AUDIENCE="secrets-dashboard",
        PROXY_JWT_KEYS_URL="https://sso.example.com/keys",
    )
    assert config == TokenConfig(
        header="Authorization",
        issuer="https://sso.example.com",
        audiences=("secrets-dashboard",),
        algorithms=("RS256",),
        keys_url="https://sso.example.com/keys",
    )


def test_a_preset_gives_way(read: Read, refusal: Callable[..., str]) -> None:
    config = read(TOKEN, PROXY_PRESET="iap")
    assert config.header == "X-Token"
    assert config.keys_url == "https://sso.example.com/keys"
    assert "PROXY_PRESET must be one of" in refusal(TOKEN, PROXY_PRESET="okta")


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_names_a_variable_that_is_not_there(preset: str) -> None:
    assert PRESETS[preset].keys() <= {
        *TOKEN,
        *("PROXY_JWT_NAME_CLAIM", "PROXY_JWT_GROUPS_CLAIM", "PROXY_JWT_EMAIL_VERIFIED"),
    }
