"""What `manage.py notify_expiring` reads and where it sends notices; see docs/notifications.md.

Nothing else needs any of it: what is missing is told by the command. What cannot be right stops the
start, with one sentence that names the variable and shows no value of it.
"""

from email.utils import parseaddr
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from accounts.oidc.config import LOOPBACK, is_safe
from dashboard.env import env, read, split_address
from secret_manager import Credential, InvalidArgument, InvalidCredential, check_id
from secrets_ui.notify.config import DAYS, MailServer, NotifyConfig, Tls

MOST_DAYS = 365
# Scheme of EMAIL_URL: kind of TLS, usual port (RFC 5321, RFC 6409, RFC 8314).
MAIL_SCHEMES: dict[str, tuple[Tls, int]] = {
    "smtp": ("", 25),
    "smtp+tls": ("starttls", 587),
    "smtp+ssl": ("ssl", 465),
}


def read_notify_settings() -> NotifyConfig:
    """Return what the command needs, with what is missing of it.

    Raises ImproperlyConfigured.
    """
    credential, missing_of_it = _read_credential()
    organization_id = _read_organization()
    mail_server, sender = _read_mail_server(), _read_sender()
    fallback, webhook_url = _read_fallback(), _read_webhook()
    missing = [
        "" if organization_id else "NOTIFY_ORGANIZATION_ID",
        missing_of_it,
        "" if mail_server or webhook_url else "EMAIL_URL or NOTIFY_WEBHOOK_URL",
        "NOTIFY_EMAIL_FROM" if mail_server and not sender else "",
        "EMAIL_URL" if (fallback or sender) and not mail_server else "",
    ]
    return NotifyConfig(
        missing=next(filter(None, missing), ""),
        organization_id=organization_id,
        credential=credential,
        days=_read_days(),
        mail_server=mail_server,
        sender=sender,
        fallback=fallback,
        webhook_url=webhook_url,
        dashboard_url=_read_dashboard(),
    )


def _read_organization() -> str:
    organization_id = read(env.str, "NOTIFY_ORGANIZATION_ID", "").strip()
    try:
        return check_id(organization_id) if organization_id else ""
    except InvalidArgument:
        raise ImproperlyConfigured(
            "NOTIFY_ORGANIZATION_ID must be an organization's id, such as 1410000000000."
        ) from None


def _read_credential() -> tuple[Credential | None, str]:
    """Return the credential, or the variable that is missing for one."""
    bearer = read(env.str, "NOTIFY_AUTH_TOKEN", "").strip()
    user_id = read(env.str, "NOTIFY_USER_ID", "").strip()
    token = read(env.str, "NOTIFY_TOKEN", "").strip()
    if bearer and (user_id or token):
        raise ImproperlyConfigured(
            "NOTIFY_AUTH_TOKEN takes the place of NOTIFY_USER_ID and NOTIFY_TOKEN: set one or the other."
        )
    try:
        if bearer:
            return Credential.bearer(bearer), ""
        if user_id and token:
            return Credential.personal(user_id, token), ""
    except InvalidCredential:
        name = "NOTIFY_AUTH_TOKEN" if bearer else "NOTIFY_USER_ID with NOTIFY_TOKEN"
        raise ImproperlyConfigured(f"{name} holds no credential of the platform.") from None
    return None, "NOTIFY_TOKEN" if user_id else "NOTIFY_USER_ID"


def _read_days() -> tuple[int, ...]:
    text = read(env.str, "NOTIFY_DAYS", ",".join(map(str, DAYS)))
    try:
        days = {int(part) for part in text.split(",")}
    except ValueError:
        days = set()
    if not days or min(days) < 0 or max(days) > MOST_DAYS:
        raise ImproperlyConfigured(
            f"NOTIFY_DAYS must be numbers of days from 0 to {MOST_DAYS}, such as 30,7,1,0."
        )
    return tuple(sorted(days, reverse=True))


def _read_mail_server() -> MailServer | None:
    url = read(env.str, "EMAIL_URL", "").strip()
    if not url:
        return None
    parts = split_address("EMAIL_URL", url)
    if parts.scheme not in MAIL_SCHEMES or not parts.hostname or parts.path not in {"", "/"}:
        raise ImproperlyConfigured(
            "EMAIL_URL must be smtp://, smtp+tls:// or smtp+ssl://, then user:password@ where they"
            " are needed, and host:port."
        )
    if parts.query or parts.fragment or bool(parts.username) != bool(parts.password):
        raise ImproperlyConfigured(
            "EMAIL_URL has a user and a password or neither, and nothing behind the port;"
            " special characters are percent-encoded."
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise ImproperlyConfigured("EMAIL_URL must have a user and a password in ASCII.")
    tls, usual_port = MAIL_SCHEMES[parts.scheme]
    if password and not tls and parts.hostname not in LOOPBACK:
        raise ImproperlyConfigured(
            "EMAIL_URL would send a password in clear: use smtp+tls:// or smtp+ssl://."
        )
    return MailServer(
        host=parts.hostname,
        port=parts.port or usual_port,
        tls=tls,
        user=user,
        password=password,
    )


def _read_sender() -> str:
    sender = read(env.str, "NOTIFY_EMAIL_FROM", "").strip()
    _name, address = parseaddr(sender)
    if sender and not (sender.isprintable() and _is_email(address)):
        raise ImproperlyConfigured(
            "NOTIFY_EMAIL_FROM must be an address such as secrets@example.com"
            " or Secrets <secrets@example.com>."
        )
    return sender


def _read_fallback() -> str:
    fallback = read(env.str, "NOTIFY_FALLBACK_EMAIL", "").strip()
    if fallback and not _is_email(fallback):
        raise ImproperlyConfigured(
            "NOTIFY_FALLBACK_EMAIL must be one address such as team@example.com."
        )
    return fallback


def _is_email(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def _read_webhook() -> str:
    url = read(env.str, "NOTIFY_WEBHOOK_URL", "").strip()
    if url and not (is_safe(url) and url.isascii() and url.isprintable()):
        raise ImproperlyConfigured(
            "NOTIFY_WEBHOOK_URL must be an https:// address (http:// on this machine only)."
        )
    return url


def _read_dashboard() -> str:
    url = read(env.str, "DASHBOARD_URL", "").strip().rstrip("/")
    if url:
        parts = split_address("DASHBOARD_URL", url)
        if not is_safe(url) or not url.isascii() or parts.path or parts.query:
            raise ImproperlyConfigured(
                "DASHBOARD_URL must be where people open the dashboard, such as https://secrets.example.com."
            )
    return url
