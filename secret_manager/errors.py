"""What can go wrong when talking to the Secret Manager.

SecretManagerError
├── NotReached            no answer
│   ├── ConnectFailed     nothing was sent: safe to try again
│   └── OutcomeUnknown    sent, then silence: a write may have happened
├── Rejected              the API said no, and the page can say something useful
│   ├── InvalidInput 400/422 · NotAuthenticated 401 · NotAllowed 403 · NotFound 404
│   └── Conflict 409/412 · RateLimited 429
└── UpstreamFailed        5xx, a redirect, or an answer that cannot be read

Refused before anything is sent: `rules.InvalidArgument`, `credentials.InvalidCredential`.
"""

from __future__ import annotations


class SecretManagerError(Exception):
    """An operation did not end well.

    message: short, for people, and free of anything submitted. Plain text, never markup.
    status: the HTTP status, or None where no answer came.
    code: the API's own `error` word, or one of ours ("connect_failed", "timeout", …).
    request_id: finds the request in our log and, where the server names one, in the server's.
    write_may_have_happened: True if this was a write that the server may have carried out.
    retry_after: seconds after which trying again makes sense, or None where nobody can tell.
    idempotency_key_sent: True if the request carried its idempotency key to a server that had
        announced to know such keys: sent again with the same key, it cannot happen twice.
    """

    default_message = "The Secret Manager could not do this."
    default_code = "error"
    default_status: int | None = None
    default_may_have_happened = False

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        write_may_have_happened: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.status = self.default_status if status is None else status
        self.code = code or self.default_code
        self.request_id = request_id
        self.write_may_have_happened = (
            self.default_may_have_happened
            if write_may_have_happened is None
            else write_may_have_happened
        )
        self.retry_after = retry_after
        self.idempotency_key_sent = False
        super().__init__(self.message)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.message!r}, status={self.status}, "
            f"code={self.code!r}, request_id={self.request_id!r})"
        )


class NotReached(SecretManagerError):
    """No answer came."""

    default_message = "The Secret Manager could not be reached."
    default_code = "not_reached"


class ConnectFailed(NotReached):
    """Not one byte of the request was sent, so sending it again is safe.

    code: "connect_failed"; "certificate_invalid"; or we did not even try: "deadline" (no time was
        left), "breaker_open" (it has been failing), "busy" (too many of our calls wait for it).
    """

    default_code = "connect_failed"


class OutcomeUnknown(NotReached):
    """The request was sent and no whole answer came back: a write may have happened."""

    default_message = "The Secret Manager did not answer in time."
    default_code = "timeout"
    default_may_have_happened = True


class Rejected(SecretManagerError):
    """The API refused (4xx)."""

    default_message = "The Secret Manager refused this request."
    default_code = "rejected"


class InvalidInput(Rejected):
    """400 or 422: what was sent is not acceptable. A name already in use may come as this too."""

    default_message = "The Secret Manager did not accept what was sent."
    default_code = "invalid_input"
    default_status = 400


class NotAuthenticated(Rejected):
    """401: the credential is wrong or no longer valid."""

    default_message = "The Secret Manager did not accept the credential."
    default_code = "not_authenticated"
    default_status = 401


class NotAllowed(Rejected):
    """403: the credential is known but may not do this."""

    default_message = "This credential is not allowed to do this."
    default_code = "not_allowed"
    default_status = 403


class NotFound(Rejected):
    """404 in the API's own words: no such organization, secret or version, or no longer."""

    default_message = "This was not found. It may have been deleted."
    default_code = "not_found"
    default_status = 404


class Conflict(Rejected):
    """409: it clashes with what is there, for example a name already in use.

    412, code "precondition_failed": the secret is no longer as `if_match` said; nothing changed.
    """

    default_message = "This clashes with something that already exists."
    default_code = "conflict"
    default_status = 409


class RateLimited(Rejected):
    """429: too many requests; nothing was done."""

    default_message = "The Secret Manager is receiving too many requests. Try again in a moment."
    default_code = "rate_limited"
    default_status = 429


class UpstreamFailed(SecretManagerError):
    """5xx, a redirect, or an answer that is too large or cannot be read.

    code: "unreadable_answer" also with status 404, where the 404 is not the API's but a proxy's.
    """

    default_message = "The Secret Manager has a problem and could not answer properly."
    default_code = "upstream_failed"
