"""Somebody at the dashboard (or at the peer), as quick as the server lets them be."""

import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

HTMX = {"HX-Request": "true"}
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_PIECE = 1 << 20  # bytes
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Served:
    """One answer: seconds from sending the request to the first and the last byte, and the body.

    Nothing is made of the answer before its last byte is there, so that this is the server's time.
    """

    first_byte: float
    last_byte: float
    body: bytes


class Visitor:
    """One browser with its cookies. Pages are asked for over one connection, one after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._address = urlsplit(url)
        self._socket = socket.create_connection(
            (self._address.hostname, self._address.port), timeout=30
        )

    @property
    def cookies(self) -> dict[str, str]:
        """What another browser needs to be this one."""
        return {cookie.name: cookie.value or "" for cookie in self._session.cookies}

    def take_cookie(self, name: str, value: str) -> None:
        self._session.cookies.set(name, value)

    def sign_in(self, username: str, password: str) -> None:
        self._send("/accounts/sign-in/", username=username, password=password)

    def connect(self, organization_id: str, token: str) -> None:
        """Connect to an organization, as the connect page does it."""
        self._send(
            "/connect/",
            organization_id=organization_id,
            label=f"Organization {organization_id}",
            kind="personal",
            user_id="user-1410000000001",
            personal_access_token=token,
        )

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> Served:
        """Ask for a page, or with HTMX for the part of it that a script puts in its place."""
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._session.cookies)
        sent = {"Host": self._address.netloc, "Cookie": cookies, "Accept-Language": "en"}
        lines = [f"{name}: {text}" for name, text in {**sent, **(headers or {})}.items()]
        request = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()
        started = time.perf_counter()
        self._socket.sendall(request)
        received = self._more()
        first_byte = time.perf_counter() - started
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise RuntimeError(f"{path} was answered with {head[:60]!r}.")
        while len(body) < int(length[1]):
            body += self._more()
        return Served(first_byte, time.perf_counter() - started, body)

    def close(self) -> None:
        self._socket.close()
        self._session.close()

    def _more(self) -> bytes:
        piece = self._socket.recv(_PIECE)
        if not piece:
            raise RuntimeError("The server hung up in the middle of an answer.")
        return piece

    def _send(self, path: str, **fields: str) -> None:
        form = self._session.get(self._url + path, timeout=30)
        token = _TOKEN.search(form.text)
        if token is None:
            raise RuntimeError(f"There is no form at {path}.")
        fields["csrfmiddlewaretoken"] = token[1]
        answer = self._session.post(
            self._url + path, data=fields, timeout=30, allow_redirects=False
        )
        if answer.status_code != 302:
            raise RuntimeError(f"{path} was answered with {answer.status_code}.")
