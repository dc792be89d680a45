"""Handing a digest to the mail server."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from secrets_ui.notify.config import MailServer
from secrets_ui.notify.delivery import NotDelivered
from secrets_ui.notify.texts import Message

# For each answer of the server.
SECONDS = 10


@contextmanager
def taken(
    message: Message, *, digest_id: str, sender: str, address: str, server: MailServer
) -> Iterator[None]:
    """Hand one message over; the block runs as soon as the server has taken it, before goodbyes.

    Raises:
        NotDelivered
    """
    mail = _mail(message, digest_id=digest_id, sender=sender, address=address)
    connection = _connected(server)
    try:
        _hand_over(mail, connection)
        yield
    finally:
        # What was taken stays taken, however the connection ends.
        with suppress(OSError):
            connection.close()


def _mail(message: Message, *, digest_id: str, sender: str, address: str) -> EmailMultiAlternatives:
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail = EmailMultiAlternatives(
        message.subject,
        message.text,
        from_email=sender,
        to=[address],
        headers={
            # Sent again it is the same message (RFC 5322, 3.6.4), so that it can be told.
            "Message-ID": f"<{digest_id}@{domain}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes back
        },
    )
    mail.attach_alternative(message.html, "text/html")
    return mail


def _connected(server: MailServer) -> EmailBackend:
    connection = EmailBackend(
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.tls == "starttls",
        use_ssl=server.tls == "ssl",
        timeout=SECONDS,
    )
    try:
        connection.open()
    except (OSError, ValueError) as trouble:  # what smtplib and ssl raise is one or the other
        with suppress(OSError):
            connection.close()
        raise NotDelivered(_why_not_connected(trouble)) from None
    return connection


def _why_not_connected(trouble: Exception) -> str:
    match trouble:
        case smtplib.SMTPResponseException():
            return f"the mail server refused us ({trouble.smtp_code})"
        case smtplib.SMTPNotSupportedError():
            return "the mail server offers no TLS, or no sign-in"
        case ssl.SSLCertVerificationError():
            return "the mail server's certificate is not valid"
    return "the mail server cannot be reached"


def _hand_over(mail: EmailMultiAlternatives, connection: EmailBackend) -> None:
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as refused:
        code = next(iter(refused.recipients.values()))[0]
        raise NotDelivered(f"the mail server refused the address ({code})") from None
    except smtplib.SMTPResponseException as refused:
        raise NotDelivered(f"the mail server refused the message ({refused.smtp_code})") from None
    except (smtplib.SMTPNotSupportedError, ValueError):
        raise NotDelivered("the mail server cannot take this address") from None
    except OSError:
        raise NotDelivered("the mail server did not answer", may_have_arrived=True) from None
