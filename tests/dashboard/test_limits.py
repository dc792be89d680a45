"""A request carries so much and no more, and nothing of it reaches a disk."""

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler, load_handler
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from dashboard.limits import body_limit
from tests.secrets_ui.conftest import HTMX

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
SIGN_IN = "/accounts/sign-in/"


class Unread:
    """A body that nobody may touch."""

    def read(self, *sizes: int) -> bytes:
        raise AssertionError("somebody reads the body")

    readline = read


def sent(client: Client, length: int, address: str = SIGN_IN, **named: Any) -> HttpResponse:
    """Send a form of exactly this many bytes."""
    body = b"username=" + b"x" * (length - len(b"username="))
    content_type = "application/x-www-form-urlencoded"
    return client.generic("POST", address, body, content_type=content_type, **named)


def test_as_much_as_the_limit_is_read_and_one_byte_more_is_not(client: Client) -> None:
    assert sent(client, LIMIT).status_code != 413
    assert sent(client, LIMIT + 1).status_code == 413


def test_the_page_says_what_happened(client: Client) -> None:
    page = sent(client, LIMIT + 1).content.decode()
    assert "This is too much at once" in page
    assert "1.0\xa0MB" in page
    assert "xxx" not in page


def test_htmx_gets_a_note_in_the_corner(client: Client) -> None:
    answer = sent(client, LIMIT + 1, headers=HTMX)
    assert answer.status_code == 413
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert b"<html" not in answer.content


def test_an_upload_counts_like_any_other_body(client: Client) -> None:
    file = SimpleUploadedFile("values.env", b"x" * LIMIT)
    assert client.post(SIGN_IN, {"file": file}).status_code == 413


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_that_is_too_long_is_not_read_at_all(client: Client, content_type: str) -> None:
    answer = client.request(
        REQUEST_METHOD="POST",
        PATH_INFO=SIGN_IN,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(10 * LIMIT),
        **{"wsgi.input": Unread()},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_the_method_makes_no_difference(client: Client, method: str) -> None:
    answer = client.generic(method, SIGN_IN, b"x" * (LIMIT + 1), content_type="text/plain")
    assert answer.status_code == 413


def test_a_form_of_too_many_fields_is_refused(client: Client) -> None:
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    assert client.post(SIGN_IN, {f"field-{n}": "" for n in range(most)}).status_code != 400
    assert client.post(SIGN_IN, {f"field-{n}": "" for n in range(most + 1)}).status_code == 400


def test_too_many_files_are_refused(client: Client) -> None:
    most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
    files = {f"file-{n}": SimpleUploadedFile("a", b"x") for n in range(most + 1)}
    assert client.post(SIGN_IN, files).status_code == 400


@pytest.mark.parametrize("size", [10, LIMIT - 1_000])
def test_an_upload_is_kept_in_memory(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def to_disk(*arguments: Any, **named: Any) -> None:
        raise AssertionError("an upload went to a disk")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", to_disk)
    monkeypatch.setattr("django.core.files.uploadedfile.TemporaryUploadedFile.__init__", to_disk)
    file = SimpleUploadedFile("values.env", b"x" * size)
    request = RequestFactory().post("/", {"file": file})

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.FILES["file"].read())

    assert body_limit(view)(request).content == b"x" * size


def test_there_is_nothing_that_could_write_an_upload_to_a_disk() -> None:
    handlers = [load_handler(name, None) for name in settings.FILE_UPLOAD_HANDLERS]
    assert handlers
    assert not any(isinstance(handler, TemporaryFileUploadHandler) for handler in handlers)


def test_the_api_has_a_limit_of_its_own_and_says_so_in_its_own_words(client: Client) -> None:
    address = "/secret-manager/organizations/1410000000000/secrets"
    answer = sent(client, LIMIT + 1, address)
    assert answer.status_code == 401  # a body is looked at once it is known whose it is
    assert answer.headers["Content-Type"] == "application/json"
