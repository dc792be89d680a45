"""Every error of the API in plain language: what happened, and what to do next."""

from dataclasses import dataclass
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from secret_manager import (
    Conflict,
    ConnectFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReached,
    RateLimited,
    SecretManagerError,
)
from secrets_ui.outcomes import AlreadyGone, NotSaved, StillBeingEdited

# Conflicts that are not about a name: the extensions of the embedded Secret Manager.
KEY_REUSED, KEY_SPENT = "idempotency_key_reused", "idempotency_key_spent"
PRECONDITION_FAILED = "precondition_failed"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An error as a person reads it. `status` is the HTTP status of the page that says it."""

    title: str
    advice: str
    status: int
    reference: str = ""
    retry_after: int | None = None
    needs_connection: bool = False


def explain(error: SecretManagerError) -> Problem:
    """Return what to tell a person about an error of the API."""
    title, advice, status = _words(error)
    return Problem(
        title=title,
        advice=advice,
        status=status,
        reference=error.request_id or "",
        retry_after=_seconds(error),
        needs_connection=isinstance(error, NotAuthenticated),
    )


def name_is_taken(error: SecretManagerError) -> bool:
    """Tell whether a refused create means that the name exists: some servers say 400, others 409."""
    said = f"{error.code} {error.message}".lower()
    if isinstance(error, Conflict):
        return error.code not in {KEY_REUSED, KEY_SPENT, PRECONDITION_FAILED}
    return isinstance(error, InvalidInput) and any(
        word in said for word in ("already", "exists", "duplicate", "unique")
    )


def _words(error: SecretManagerError) -> tuple[str, str, int]:
    if error.write_may_have_happened:
        return (
            _("We do not know whether this was saved"),
            _(
                "The request was sent, but no clear answer came back. Look at the list or the secret"
                " first: what you see there is what is true. Send it again only if it is not there."
            ),
            504,
        )
    match error:
        case NotSaved():
            return (
                _("It is not there"),
                _(
                    "No clear answer came, so we looked, and what you sent is not there."
                    " Send it again: this form makes nothing twice."
                ),
                502,
            )
        case StillBeingEdited():
            return (
                _("Somebody else is saving this secret right now"),
                _("Nothing of yours was sent. Wait a moment, then save again."),
                503,
            )
        case AlreadyGone():
            return (
                _("Somebody else has deleted this already"),
                _("There is nothing left to delete. Go back to the list."),
                404,
            )
        case ConnectFailed(code="busy"):
            return (
                _("Too many people are waiting for the Secret Manager"),
                _("It is slow just now. Nothing was sent. Try again in a minute."),
                503,
            )
        case ConnectFailed(code="breaker_open"):
            return (
                _("The Secret Manager is not answering at the moment"),
                _(
                    "It failed several times, so we give it a short rest. Nothing was sent."
                    " Try again in a few seconds."
                ),
                503,
            )
        case ConnectFailed():
            return (
                _("The Secret Manager cannot be reached"),
                _(
                    "Nothing was sent and nothing was changed. Try again in a minute; if it goes on,"
                    " tell the people who run this dashboard."
                ),
                502,
            )
        case NotReached():
            return (
                _("The Secret Manager did not answer in time"),
                _("It may be slow just now. Try again in a minute."),
                504,
            )
        case NotAuthenticated():
            return (
                _("The Secret Manager did not accept your credential"),
                _(
                    "It may have been mistyped, replaced or revoked."
                    " Connect again with one that is valid."
                ),
                403,
            )
        case NotAllowed():
            return (
                _("Your credential does not allow this"),
                _(
                    "The Secret Manager refused. Ask an administrator of your organization for the"
                    " permission, or connect with another credential."
                ),
                403,
            )
        case NotFound():
            return (
                _("This is not there any more"),
                _("It was deleted, or it belongs to another organization. Go back to the list."),
                404,
            )
        case Conflict() if error.code in {KEY_REUSED, KEY_SPENT}:
            return (
                _("What this form sent before was saved after all"),
                _("Look at the list before you send anything else."),
                409,
            )
        case Conflict():
            return (
                _("The Secret Manager says this conflicts with something that exists"),
                error.message or _("Look at what is there now, then try again."),
                409,
            )
        case RateLimited():
            seconds = _seconds(error)
            wait = (
                ngettext("Try again in %d second.", "Try again in %d seconds.", seconds) % seconds
                if seconds
                else _("Try again in a minute.")
            )
            return (_("The Secret Manager asks us to slow down"), wait, 503)
        case InvalidInput():
            return (
                _("The Secret Manager did not accept what was sent"),
                error.message or _("Check what you typed, then try again."),
                422,
            )
        case _:
            return (
                _("The Secret Manager answered with something we cannot use"),
                _(
                    "The fault is on its side. Try again in a minute; if it goes on, tell the people"
                    " who run it and give them the reference below."
                ),
                502,
            )


def _seconds(error: SecretManagerError) -> int | None:
    return None if error.retry_after is None else max(1, ceil(error.retry_after))
