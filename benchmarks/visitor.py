"""Somebody at the dashboard (or at the peer), as quick as the server lets them be."""

import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

HTMX = {"HX-Request": "true"}
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Served:
    """One answer: seconds from sending the request to the first and the last byte, and the body."""

    first_byte: float
    last_byte: float
    body: bytes


class Visitor:
    """One browser with its cookies. Pages are asked for over one connection, one after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port)

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
        sent = {"Cookie": cookies, "Accept-Language": "en", **(headers or {})}
        started = time.perf_counter()
        self._connection.request("GET", path, headers=sent)
        answer = self._connection.getresponse()
        first_byte = time.perf_counter() - started
        body = answer.read()
        last_byte = time.perf_counter() - started
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.status}.")
        return Served(first_byte, last_byte, body)

    def close(self) -> None:
        self._connection.close()
        self._session.close()

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
