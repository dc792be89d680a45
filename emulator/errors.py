"""What the API answers when it says no: one shape for every error.

`error` is a code for programs, `error_description` a sentence for people, `error_detail` the name
of the field, parameter or header at fault, or null. None of them ever repeats what the caller sent.
"""

from django.http import JsonResponse


class ApiError(Exception):
    """An answer other than success. Subclasses fix the status and the code."""

    status = 500
    code = "internal_server_error"

    def __init__(
        self, description: str, *, detail: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.description = description
        self.detail = detail
        self.headers = headers or {}

    def response(self) -> JsonResponse:
        return JsonResponse(
            {
                "error": self.code,
                "error_description": self.description,
                "error_detail": self.detail,
            },
            status=self.status,
            headers=self.headers,
        )


class BadRequest(ApiError):
    status = 400
    code = "bad_request"


class Unauthorized(ApiError):
    """The same words whatever was wrong, so that nobody learns which part of a guess was right."""

    status = 401
    code = "unauthorized"

    def __init__(self) -> None:
        # Basic is taken but not announced: a browser would ask for it, keep it, and from then on
        # add it to requests that other sites start.
        super().__init__(
            "The credential is missing or not valid.",
            headers={"WWW-Authenticate": 'Bearer realm="secret-manager"'},
        )


class NotFound(ApiError):
    """The same words for what does not exist and for what belongs to another organization."""

    status = 404
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is nothing at this address.")


class MethodNotAllowed(ApiError):
    status = 405
    code = "method_not_allowed"

    def __init__(self, *, allow: str) -> None:
        super().__init__("This address does not take this method.", headers={"Allow": allow})


class Conflict(ApiError):
    status = 409
    code = "conflict"


class KeyReused(Conflict):
    code = "idempotency_key_reused"


class KeySpent(Conflict):
    code = "idempotency_key_spent"


class PreconditionFailed(ApiError):
    status = 412
    code = "precondition_failed"


class ValueRefused(ApiError):
    """The stored row does not decrypt: it was altered, moved, or its key is gone."""

    code = "value_refused"

    def __init__(self) -> None:
        super().__init__("The stored value failed its integrity check and was not returned.")


class KeyMissing(ApiError):
    code = "key_missing"

    def __init__(self) -> None:
        super().__init__("A key that this needs is not among the server's keys.")
