"""What the variables of notices mean, and which of them stop the start."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard.notify_settings import read_notify_settings
from dashboard.redaction import redacted
from secret_manager import Credential
from secrets_ui.notify.config import MailServer, NotifyConfig

TOKEN, PASSWORD = "canary-token-5f2c", "canary-pa55word"
WEBHOOK = "https://hooks.slack.com/services/T0CANARY/B0CANARY/hookCanary7Xq2"
ENOUGH = {
    "NOTIFY_ORGANIZATION_ID": "1410000000000",
    "NOTIFY_USER_ID": "1410000000001",
    "NOTIFY_TOKEN": TOKEN,
    "EMAIL_URL": f"smtp+tls://notices:{PASSWORD}@mail.example.com",
    "NOTIFY_EMAIL_FROM": "secrets@example.com",
}

Read = Callable[..., NotifyConfig]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the settings from ENOUGH with changes; what is changed to nothing is not set."""

    def read(**changes: str) -> NotifyConfig:
        with monkeypatch.context() as environment:
            for name, text in {**ENOUGH, **changes}.items():
                environment.setenv(name, text)
            return read_notify_settings()

    return read


def test_nothing_needs_to_be_set(read: Read) -> None:
    config = read(**dict.fromkeys(ENOUGH, ""))
    assert config == NotifyConfig(missing="NOTIFY_ORGANIZATION_ID")


def test_everything_can_be_set(read: Read) -> None:
    config = read(
        NOTIFY_DAYS=" 1, 14,0,14 ",
        NOTIFY_FALLBACK_EMAIL="team@example.com",
        NOTIFY_WEBHOOK_URL=WEBHOOK,
        DASHBOARD_URL="https://secrets.example.com/",
    )
    assert config == NotifyConfig(
        organization_id="1410000000000",
        credential=Credential.personal("user-1410000000001", TOKEN),
        days=(14, 1, 0),
        mail_server=MailServer(
            host="mail.example.com", port=587, tls="starttls", user="notices", password=PASSWORD
        ),
        sender="secrets@example.com",
        fallback="team@example.com",
        webhook_url=WEBHOOK,
        dashboard_url="https://secrets.example.com",
    )


def test_no_secret_shows(read: Read) -> None:
    said = repr(read(NOTIFY_WEBHOOK_URL=WEBHOOK))
    for hidden in (TOKEN, PASSWORD, "hookCanary"):
        assert hidden not in said
    assert "hookCanary" not in redacted(f"POST {WEBHOOK} failed")


def test_a_bearer_token_takes_the_place_of_a_user(read: Read) -> None:
    config = read(NOTIFY_USER_ID="", NOTIFY_TOKEN="", NOTIFY_AUTH_TOKEN=TOKEN)
    assert (config.credential, config.missing) == (Credential.bearer(TOKEN), "")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://relay.internal", MailServer(host="relay.internal", port=25)),
        ("smtp://relay.internal:2525/", MailServer(host="relay.internal", port=2525)),
        ("smtp://[::1]:2525", MailServer(host="::1", port=2525)),
        ("smtp+tls://mail.internal", MailServer(host="mail.internal", port=587, tls="starttls")),
        (
            "smtp+ssl://me%40example.com:a%2Fb%23@mail.internal",
            MailServer(
                host="mail.internal", port=465, tls="ssl", user="me@example.com", password="a/b#"
            ),
        ),
        (
            "smtp://me:secret@127.0.0.1:25",
            MailServer(host="127.0.0.1", port=25, user="me", password="secret"),
        ),
    ],
)
def test_a_mail_server_is_an_address(url: str, server: MailServer, read: Read) -> None:
    assert read(EMAIL_URL=url).mail_server == server


@pytest.mark.parametrize(
    ("missing", "changes"),
    [
        ("NOTIFY_ORGANIZATION_ID", {"NOTIFY_ORGANIZATION_ID": ""}),
        ("NOTIFY_USER_ID", {"NOTIFY_USER_ID": ""}),
        ("NOTIFY_USER_ID", {"NOTIFY_USER_ID": "", "NOTIFY_TOKEN": ""}),
        ("NOTIFY_TOKEN", {"NOTIFY_TOKEN": ""}),
        ("NOTIFY_EMAIL_FROM", {"NOTIFY_EMAIL_FROM": ""}),
        ("EMAIL_URL or NOTIFY_WEBHOOK_URL", {"EMAIL_URL": ""}),
        ("EMAIL_URL", {"EMAIL_URL": "", "NOTIFY_WEBHOOK_URL": WEBHOOK}),
        ("", {"EMAIL_URL": "", "NOTIFY_EMAIL_FROM": "", "NOTIFY_WEBHOOK_URL": WEBHOOK}),
        ("", {}),
    ],
    ids=str,
)
def test_what_is_missing_is_named(missing: str, changes: dict[str, str], read: Read) -> None:
    assert read(**changes).missing == missing


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NOTIFY_ORGANIZATION_ID", "../1410000000000"),
        ("NOTIFY_USER_ID", "canary/../1"),
        ("NOTIFY_TOKEN", "canary\ntoken"),
        ("NOTIFY_TOKEN", "鍵canary"),
        ("NOTIFY_AUTH_TOKEN", "canary"),  # beside the other credential
        ("NOTIFY_DAYS", "-1"),
        ("NOTIFY_DAYS", "366"),
        ("NOTIFY_DAYS", "30;7"),
        ("NOTIFY_DAYS", "soon"),
        ("NOTIFY_DAYS", ","),
        ("EMAIL_URL", "mail.example.com:25"),
        ("EMAIL_URL", "smtps://me:canary@mail.example.com"),
        ("EMAIL_URL", "submission://me:canary@mail.example.com"),
        ("EMAIL_URL", "file:///tmp/canary"),
        ("EMAIL_URL", "smtp+tls://"),
        ("EMAIL_URL", "smtp+tls://canary@mail.example.com"),
        ("EMAIL_URL", "smtp://me:canary@mail.example.com"),
        ("EMAIL_URL", "smtp+tls://me:canary%C3%B6@mail.example.com"),
        ("EMAIL_URL", "smtp+tls://me:canary@mail.example.com/path"),
        ("EMAIL_URL", "smtp+tls://me:can#ary@mail.example.com"),
        ("EMAIL_URL", "smtp+tls://me:canary@mail.example.com?tls=off"),
        ("EMAIL_URL", "smtp+tls://me:canary@mail.example.com:port"),
        ("EMAIL_URL", "smtp+tls://me:canary@[mail"),
        ("NOTIFY_EMAIL_FROM", "canary"),
        ("NOTIFY_EMAIL_FROM", "secrets@example.com\nBcc: canary@example.com"),
        ("NOTIFY_FALLBACK_EMAIL", "a@example.com,canary@example.com"),
        ("NOTIFY_FALLBACK_EMAIL", "Canary <canary@example.com>"),
        ("NOTIFY_WEBHOOK_URL", "http://hooks.example.com/canary"),
        ("NOTIFY_WEBHOOK_URL", "http://127.0.0.1@example.com/canary"),
        ("NOTIFY_WEBHOOK_URL", "https://user:canary@hooks.example.com/"),
        ("NOTIFY_WEBHOOK_URL", "https://hooks.example.com/canary here"),
        ("NOTIFY_WEBHOOK_URL", "hooks.example.com/canary"),
        ("NOTIFY_WEBHOOK_URL", "file:///canary"),
        ("DASHBOARD_URL", "http://secrets.example.com"),
        ("DASHBOARD_URL", "https://secrets.example.com/canary"),
        ("DASHBOARD_URL", "https://secrets.example.com?canary"),
        ("DASHBOARD_URL", "javascript:canary"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_sentence(name: str, text: str, read: Read) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(**{name: text})
    sentence = str(refused.value)
    assert name in sentence
    assert "canary" not in sentence.lower()
    assert "\n" not in sentence


def test_a_webhook_on_this_machine_needs_no_tls(read: Read) -> None:
    url = "http://127.0.0.1:9000/hook"
    assert read(NOTIFY_WEBHOOK_URL=url).webhook_url == url
