"""A certified OpenID provider (npm `oidc-provider`) on a loopback port of its own.

People sign in there with the name of an account and no password; the second button is "Cancel".
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.services.processes import free_port, running

FOLDER = Path(__file__).parent / "provider"
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"
CLIENT_ID, CLIENT_SECRET = "secrets-dashboard", "a client secret that only tests know"
ACCOUNTS: dict[str, dict[str, Any]] = {
    "hanako": {
        "name": "Hanako Yamada",
        "email": "hanako@example.com",
        "email_verified": True,
        "groups": ["secrets-operators", "everybody"],
    },
    "taro": {
        "name": "Taro Suzuki",
        "email": "taro@example.com",
        "email_verified": True,
        "groups": ["secrets-viewers", "everybody"],
    },
    "visitor": {"name": "Visitor", "groups": ["everybody"]},
}


@dataclass(frozen=True)
class RunningProvider:
    issuer: str
    log: Path
    pid: int
    file: Path

    @property
    def configuration(self) -> str:
        """The address of the discovery document."""
        return f"{self.issuer}/.well-known/openid-configuration"

    def set_account(self, subject: str, **claims: Any) -> None:
        """Make an account, or change what its claims say from now on."""
        told = self._read()
        told["accounts"].setdefault(subject, {}).update(claims)
        self._write(told)

    def fail(self, path: str, *, status: int = 503, body: str = "Out of order") -> None:
        """Answer every request for `path`, such as `/token`, in this way until `heal()`."""
        told = self._read()
        told["failures"][path] = {"status": status, "body": body}
        self._write(told)

    def heal(self) -> None:
        self._write({**self._read(), "failures": {}})

    def date_sign_ins_back(self, seconds: int) -> None:
        """Let `auth_time` of whoever signs in from now on be so long ago; 0 is right now."""
        self._write({**self._read(), "signInsAreOld": seconds})

    def _read(self) -> dict[str, Any]:
        return json.loads(self.file.read_text())

    def _write(self, told: Mapping[str, Any]) -> None:
        # Replaced in one step: the provider may be reading it right now.
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(told))
        draft.replace(self.file)


@contextmanager
def running_provider(
    folder: Path,
    *,
    redirect_uris: Sequence[str],
    sign_out_uris: Sequence[str] = (),
    port: int | None = None,
    claims_in_id_token: bool = False,
    **client: Any,
) -> Iterator[RunningProvider]:
    """Serve a provider whose file and log are in `folder`, with one client: CLIENT_ID.

    Args:
        redirect_uris: where the client may be sent back to, exactly.
        sign_out_uris: where it may be sent back to after signing out at the provider.
        port: where to listen; for whoever must know the issuer before the provider starts.
        claims_in_id_token: put name, email and groups into the ID token too, not only behind the
            userinfo address.
        client: more of the client's metadata, such as `token_endpoint_auth_method`.

    Scopes: openid, profile (name), email (email, email_verified), groups. PKCE is required.
    """
    if not INSTALLED.exists():
        raise RuntimeError("The OpenID provider is not installed: `make test` does it.")
    issuer = f"http://127.0.0.1:{port or free_port()}"
    told = {
        "issuer": issuer,
        "clients": [
            {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": list(redirect_uris),
                "post_logout_redirect_uris": list(sign_out_uris),
                "scope": "openid profile email groups",
                **client,
            }
        ],
        "claimsInIdToken": claims_in_id_token,
        "accounts": ACCOUNTS,
        "failures": {},
        "signInsAreOld": 0,
    }
    folder.mkdir(parents=True, exist_ok=True)
    file, log = folder / "provider.json", folder / "provider.log"
    file.write_text(json.dumps(told))
    with running(
        ["node", "provider.js", file],
        log=log,
        is_ready=lambda: _answers(issuer),
        environment={"PATH": os.environ["PATH"], "HOME": str(folder)},
        folder=FOLDER,
    ) as process:
        yield RunningProvider(issuer, log, process.pid, file)


def _answers(issuer: str) -> bool:
    try:
        return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=5).ok
    except requests.RequestException:
        return False
