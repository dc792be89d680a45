import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.core.signals import request_finished, request_started
from django.db import connection

from dashboard.embedded import EmbeddedAdapter
from emulator.auth import issue_token
from emulator.models import Organization, Token

BASE = "http://embedded.invalid"


def echo(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    """A WSGI application that answers with what it was asked."""
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    body = json.dumps({**told, "body": environ["wsgi.input"].read().decode()}).encode()
    headers = [("Content-Type", "application/json"), ("X-Request-Id", "req-1")]
    start_response("201 Created", headers)
    return [body[:10], body[10:]]


@pytest.fixture
def echoing(monkeypatch: pytest.MonkeyPatch) -> requests.Session:
    monkeypatch.setattr("dashboard.embedded.APPLICATION", f"{__name__}.echo")
    return session()


def session() -> requests.Session:
    session = requests.Session()
    session.mount(BASE, EmbeddedAdapter())
    return session


def test_the_answer_comes_back_whole(echoing: requests.Session) -> None:
    answer = echoing.get(f"{BASE}/secret-manager/")
    assert answer.status_code == 201
    assert answer.headers["X-Request-Id"] == "req-1"
    assert answer.json()["REQUEST_METHOD"] == "GET"


def test_the_answer_can_be_read_in_pieces_and_is_counted(echoing: requests.Session) -> None:
    answer = echoing.get(f"{BASE}/", stream=True)
    pieces = list(answer.iter_content(chunk_size=7))
    assert len(pieces) > 1
    assert json.loads(b"".join(pieces))["PATH_INFO"] == "/"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_body_arrives_with_its_length_and_type(method: str, echoing: requests.Session) -> None:
    told = echoing.request(method, f"{BASE}/", json={"value": "雪☃"}).json()
    assert told["REQUEST_METHOD"] == method
    assert json.loads(told["body"]) == {"value": "雪☃"}
    assert told["CONTENT_LENGTH"] == str(len(told["body"].encode()))
    assert told["CONTENT_TYPE"] == "application/json"


def test_a_body_of_text_is_sent_as_utf_8(echoing: requests.Session) -> None:
    told = echoing.post(f"{BASE}/", data="雪").json()
    assert told["body"] == "雪"
    assert told["CONTENT_LENGTH"] == "3"


def test_headers_arrive_under_their_wsgi_names(echoing: requests.Session) -> None:
    told = echoing.get(f"{BASE}/", headers={"Authorization": "Bearer t", "X-Two": b"b"}).json()
    assert told["HTTP_AUTHORIZATION"] == "Bearer t"
    assert told["HTTP_X_TWO"] == "b"


def test_path_and_query_arrive_as_a_server_would_hand_them_on(echoing: requests.Session) -> None:
    told = echoing.get(f"{BASE}/a%2Fb/%E9%9B%AA/", params={"q": "a b&c"}).json()
    assert told["PATH_INFO"].encode("latin-1").decode() == "/a/b/雪/"
    assert told["QUERY_STRING"] == "q=a+b%26c"
    assert told["SERVER_NAME"] == "embedded.invalid"
    assert told["SERVER_PORT"] == "80"


@pytest.mark.django_db(databases=["default", "emulator"])
def test_the_emulator_answers_and_the_callers_request_is_left_alone() -> None:
    organization = Organization.objects.create(id="1410000000000", name="Ours")
    _, token = issue_token(organization=organization, kind=Token.Kind.BEARER, principal="user-1")
    signals: list[object] = []
    connection.ensure_connection()
    before = connection.connection

    def remember(signal: object, **_: object) -> None:
        signals.append(signal)

    for signal in (request_started, request_finished):
        signal.connect(remember)
    try:
        answer = session().get(
            f"{BASE}/secret-manager/organizations/1410000000000/secrets",
            headers={"Authorization": f"Bearer {token}"},
        )
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(remember)

    assert answer.status_code == 200
    assert answer.json()["secrets"] == []
    assert signals == []
    assert connection.connection is before


@pytest.mark.django_db(databases=["default", "emulator"])
def test_without_a_credential_the_emulator_says_no() -> None:
    answer = session().get(f"{BASE}/secret-manager/organizations/1410000000000/secrets")
    assert answer.status_code == 401
