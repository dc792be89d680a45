"""Handing mail in: over TLS that is verified, within a time, and never with a password in clear."""

from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.core.mail.backends.smtp import EmailBackend

from accounts.models import Person
from secrets_ui.models import Notice
from secrets_ui.notify import mail
from secrets_ui.notify.config import MailServer
from secrets_ui.notify.delivery import NotDelivered
from secrets_ui.notify.texts import Message
from tests.faults.certificates import Authority
from tests.secrets_ui.notify.conftest import MORNING, Make, notify
from tests.secrets_ui.notify.servers import Mailbox, Stall, mail_server

PASSWORD = "canary-pa55word"


class Door:
    """Lets one user in, and remembers every password that was tried."""

    def __init__(self) -> None:
        self.tried: list[bytes] = []

    def __call__(self, server: Any, session: Any, envelope: Any, how: str, what: Any) -> AuthResult:
        assert isinstance(what, LoginPassword)
        self.tried.append(what.password)
        return AuthResult(success=what.password == PASSWORD.encode(), handled=False)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this machine trusts for now."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    return authority


def send(mailbox: Mailbox, *, tls: Any = "", password: str = PASSWORD) -> None:
    server = MailServer(
        host="127.0.0.1", port=mailbox.port, tls=tls, user="notices", password=password
    )
    message = Message(subject="Hello", text="Hello", html="<p>Hello</p>")
    with mail.taken(
        message,
        digest_id="1" * 32,
        sender="secrets@example.com",
        address="hanako@example.com",
        server=server,
    ):
        pass


def why_not(mailbox: Mailbox, **how: Any) -> str:
    with pytest.raises(NotDelivered) as failed:
        send(mailbox, **how)
    assert not failed.value.may_have_arrived
    assert PASSWORD not in repr(failed.value)
    assert failed.value.__cause__ is None
    assert mailbox.mails == []
    return failed.value.reason


# TLS and signing in


def test_starttls_comes_before_the_password(authority: Authority, door: Door) -> None:
    with mail_server(
        tls_context=authority.contexts["good"], authenticator=door, auth_required=True
    ) as mailbox:
        send(mailbox, tls="starttls")
        assert len(mailbox.mails) == 1
    assert door.tried == [PASSWORD.encode()]


def test_tls_from_the_first_byte(authority: Authority) -> None:
    with mail_server(ssl_context=authority.contexts["good"]) as mailbox:
        send(mailbox, tls="ssl", password="")
        assert len(mailbox.mails) == 1


@pytest.mark.parametrize("flaw", ["self-signed", "expired", "of another host"])
@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_bad_certificate_gets_no_password(
    tls: str, flaw: str, authority: Authority, door: Door
) -> None:
    context = authority.contexts[flaw]
    options = {"tls_context": context} if tls == "starttls" else {"ssl_context": context}
    with mail_server(authenticator=door, **options) as mailbox:
        assert why_not(mailbox, tls=tls) == "the mail server's certificate is not valid"
    assert door.tried == []


def test_a_server_without_tls_gets_no_password(door: Door) -> None:
    with mail_server(authenticator=door, auth_require_tls=False) as mailbox:
        reason = why_not(mailbox, tls="starttls")
    assert reason == "the mail server offers no TLS, or no sign-in"
    assert door.tried == []


def test_a_password_that_is_not_accepted_is_told_without_it(
    authority: Authority, door: Door
) -> None:
    with mail_server(tls_context=authority.contexts["good"], authenticator=door) as mailbox:
        reason = why_not(mailbox, tls="starttls", password="another")
    assert reason == "the mail server refused us (535)"


# When the answer is missing


@pytest.mark.django_db(databases=["default", "emulator"])
@pytest.mark.usefixtures("by_mail_only")
@pytest.mark.parametrize("takes_it", [True, False])
def test_a_mail_without_an_answer_is_sent_again_as_the_same_mail(
    takes_it: bool,
    make: Make,
    hanako: Person,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make("bank-api", 7, hanako)
    monkeypatch.setattr(mail, "SECONDS", 0.3)
    mailbox.stall = Stall(1, takes_it=takes_it)
    assert "the mail server did not answer" in notify().out
    claimed = Notice.objects.get()
    assert claimed.sent_at is None
    mailbox.stall.go_on.set()
    assert notify().error == ""
    sent = {str(each["Message-ID"]) for each in mailbox.mails}
    assert sent == {f"<{claimed.digest}@example.com>"}
    assert len(mailbox.mails) == 1 + takes_it
    claimed.refresh_from_db()
    assert claimed.sent_at == MORNING


@pytest.mark.django_db(databases=["default", "emulator"])
@pytest.mark.usefixtures("by_mail_only")
def test_a_goodbye_that_fails_takes_nothing_back(
    make: Make, hanako: Person, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("bank-api", 7, hanako)

    close = EmailBackend.close

    def close_and_fail(backend: EmailBackend) -> None:
        close(backend)
        raise OSError

    monkeypatch.setattr(EmailBackend, "close", close_and_fail)
    assert notify().error == ""
    notify()
    assert len(mailbox.mails) == 1
