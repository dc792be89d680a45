"""nginx as it is deployed: `deploy/nginx/dashboard.conf`, moved to loopback ports and a folder."""

import datetime
import getpass
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter

from tests.services.dashboard import PROJECT
from tests.services.processes import accepts_connections, free_port, running

DEPLOYED = PROJECT / "deploy" / "nginx" / "dashboard.conf"
NAME = "secrets.example.com"
DAY = datetime.timedelta(days=1)

MAIN = """
daemon off;
worker_processes 1;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/main.error.log info;
events {{ worker_connections 128; }}
http {{
    gzip on;
    gzip_types *;
    client_body_temp_path {folder}/temp/body;
    proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/fastcgi;
    uwsgi_temp_path {folder}/temp/uwsgi;
    scgi_temp_path {folder}/temp/scgi;
    include {folder}/dashboard.conf;
}}
"""


@dataclass(frozen=True)
class RunningNginx:
    folder: Path
    https_port: int
    http_port: int

    def browser(self) -> requests.Session:
        """Return a session for which https://secrets.example.com is this nginx, and follows nothing."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.folder / "dashboard.crt")
        session.mount("https://", _Loopback(self.https_port))
        session.mount("http://", _Loopback(self.http_port))
        return session

    @property
    def access_log(self) -> str:
        return (self.folder / "dashboard.access.log").read_text()

    @property
    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


@contextmanager
def running_nginx(folder: Path, *, upstream: str) -> Iterator[RunningNginx]:
    """Serve https://secrets.example.com on loopback in front of `upstream`, an address without a path.

    nginx's folders for temporary files are taken away: what needs one fails.
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin")
    if program is None:
        raise RuntimeError("No nginx here: scripts/install-system-packages installs it.")
    folder.mkdir(exist_ok=True)
    (folder / "temp").mkdir()
    nginx = RunningNginx(folder, https_port=free_port(), http_port=free_port())
    _make_certificate(folder)
    (folder / "dashboard.conf").write_text(_moved(DEPLOYED.read_text(), nginx, upstream))
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, user=getpass.getuser()))
    with running(
        [program, "-e", folder / "main.error.log", "-c", main],
        log=folder / "nginx.log",
        is_ready=lambda: accepts_connections(nginx.https_port),
    ):
        shutil.rmtree(folder / "temp")
        yield nginx


def _moved(deployed: str, nginx: RunningNginx, upstream: str) -> str:
    """Return the deployed file for other ports, folders and an upstream of its own."""
    moves: Mapping[str, str] = {
        "listen 443 ": f"listen 127.0.0.1:{nginx.https_port} ",
        "listen 80 ": f"listen 127.0.0.1:{nginx.http_port} ",
        "listen 80;": f"listen 127.0.0.1:{nginx.http_port};",
        "server 127.0.0.1:8000;": f"server {urlsplit(upstream).netloc};",
        "/etc/nginx/tls/": f"{nginx.folder}/",
        "/var/log/nginx/": f"{nginx.folder}/",
    }
    for there, here in moves.items():
        assert there in deployed, there
        deployed = deployed.replace(there, here)
    return deployed


def _make_certificate(folder: Path) -> None:
    """Write a certificate for this one run, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "dashboard.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "dashboard.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


class _Loopback(HTTPAdapter):
    """Takes every name to a loopback port, as a resolver would, and sends the name along."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            pool |= {"server_hostname": host["host"], "assert_hostname": host["host"]}
        return {**host, "host": "127.0.0.1", "port": self._port}, pool

    def add_headers(self, request: requests.PreparedRequest, **named: Any) -> None:
        request.headers.setdefault("Host", urlsplit(str(request.url)).netloc)
