"""What really happened: the emulator behind the fault server, called in this process, and its tables."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.models import Secret
from emulator.wsgi import application


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    @property
    def is_list(self) -> bool:
        return not self.is_write and self.path.endswith(("/secrets", "/versions"))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class VersionRow:
    status: str
    value: bytes


@dataclass(frozen=True)
class SecretRow:
    name: str
    description: str | None
    versions: Mapping[str, VersionRow]


Tables = Mapping[str, SecretRow]

EXTENSIONS = "Secret-Manager-Extensions"
_OURS_ONLY = {"idempotency-key", "if-match"}


def forward(request: Request, *, extensions: bool = True) -> Answer:
    """Let the emulator carry a request out. Without extensions it is like the hosted platform."""
    seen: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        seen.append((int(status.split(" ", 1)[0]), headers))

    body = b"".join(application(_environ(request, extensions), start_response))
    status, headers = seen[0]
    hidden = set() if extensions else {EXTENSIONS, "ETag"}
    return Answer(status, tuple((k, v) for k, v in headers if k not in hidden), body)


def tables(organization_id: str) -> Tables:
    """Return what the emulator's tables hold for one organization, values decrypted."""
    secrets = Secret.objects.filter(organization_id=organization_id).prefetch_related("versions")
    return {
        secret.id: SecretRow(
            secret.name,
            secret.description,
            {each.id: VersionRow(each.status, each.value()) for each in secret.versions.all()},
        )
        for secret in secrets
    }


def _environ(request: Request, extensions: bool) -> dict[str, object]:
    path, _, query = request.target.partition("?")
    environ: dict[str, object] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, encoding="latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(request.body)),
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
    }
    for name, text in request.headers.items():
        if name not in {"content-length", "content-type"} and (
            extensions or name not in _OURS_ONLY
        ):
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = text
    return environ
