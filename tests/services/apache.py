"""Apache with mod_auth_openidc, in front of a dashboard, with the configuration that deployments get."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.dashboard import KEPT_VARIABLES, PROJECT
from tests.services.processes import accepts_connections, running

CONFIGURATION = PROJECT / "deploy" / "apache" / "dashboard.conf"
MODULES = (
    *("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "env"),
    *("proxy", "proxy_http", "auth_openidc"),
)
MODULE_FOLDERS = (Path("/usr/lib/apache2/modules"), Path("/usr/lib64/httpd/modules"))


@dataclass(frozen=True)
class RunningApache:
    url: str
    log: Path


@contextmanager
def running_apache(
    folder: Path,
    *,
    port: int,
    upstream: str,
    connects_from: str,
    proxy_secret: str,
    metadata_url: str,
    client_id: str,
    client_secret: str,
) -> Iterator[RunningApache]:
    """Serve `deploy/apache/dashboard.conf` on a loopback port, without TLS.

    Args:
        connects_from: the loopback address that Apache's connections to the dashboard come from.
    """
    url, log = f"http://127.0.0.1:{port}", folder / "apache.log"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "apache.conf"
    configuration.write_text(_configuration(folder, port=port, connects_from=connects_from))
    environment = {
        **{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
        "DASHBOARD_ADDRESS": url,
        "DASHBOARD_UPSTREAM": upstream,
        "DASHBOARD_PROXY_SECRET": proxy_secret,
        "SSO_METADATA_URL": metadata_url,
        "SSO_CLIENT_ID": client_id,
        "SSO_CLIENT_SECRET": client_secret,
        "SSO_COOKIE_PASSPHRASE": secrets.token_urlsafe(32),
    }
    with running(
        [_program(), "-f", configuration, "-DFOREGROUND"],
        log=log,
        is_ready=lambda: accepts_connections(port),
        environment=environment,
    ):
        yield RunningApache(url, log)


def _configuration(folder: Path, *, port: int, connects_from: str) -> str:
    modules = _modules()
    loaded = [f"LoadModule {name}_module {modules}/mod_{name}.so" for name in MODULES]
    # Apache does not serve as root.
    user = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    return "\n".join(
        [
            *loaded,
            *user,
            f"ServerRoot {folder}",
            f"PidFile {folder}/apache.pid",
            "ErrorLog /dev/stderr",
            f"Listen 127.0.0.1:{port}",
            "ServerName 127.0.0.1",
            "ServerLimit 1",
            "StartServers 1",
            "ThreadsPerChild 8",
            "MaxRequestWorkers 8",
            "MinSpareThreads 1",
            f"<VirtualHost 127.0.0.1:{port}>",
            f"ProxySourceAddress {connects_from}",
            f"Include {CONFIGURATION}",
            "</VirtualHost>",
            "",
        ]
    )


def _program() -> str:
    found = shutil.which("apache2") or shutil.which("httpd")
    if found is None:
        raise RuntimeError("No Apache here: scripts/install-system-packages installs it.")
    return found


def _modules() -> Path:
    for folder in MODULE_FOLDERS:
        if (folder / "mod_auth_openidc.so").exists():
            return folder
    raise RuntimeError("No mod_auth_openidc here: scripts/install-system-packages installs it.")
