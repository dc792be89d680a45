"""How gunicorn serves the dashboard. docs/configuration.md explains each variable."""

import os
import sys
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from gunicorn.glogging import Logger

from accounts.repeated_headers import mark_repeated_headers
from dashboard.env import env, read, read_between, read_threads


class PathOnlyLogger(Logger):
    """Writes paths percent-encoded, so that none can forge a line of its own."""

    def atoms(self, resp: Any, req: Any, environ: dict, request_time: Any) -> dict:
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["U"] = quote(environ["RAW_URI"].partition("?")[0], safe="/:%")
        return atoms


try:
    address = read(env.str, "BIND", "127.0.0.1")
    port = read_between("PORT", low=1, high=65535, default=8000)
    workers = read_between("WEB_CONCURRENCY", low=1, high=64, default=1)
    threads = read_threads()
    # Whoever sits at one of these addresses is believed when saying that a request came over HTTPS.
    forwarded_allow_ips = read(env.str, "FORWARDED_ALLOW_IPS", "127.0.0.1")
    log_level = read(env.str, "LOG_LEVEL", "INFO")
    if workers > 1 and not read(env.str, "CACHE_URL", ""):
        # Each worker would keep sessions in its own memory, and a sign-out would reach only one.
        raise ImproperlyConfigured("WEB_CONCURRENCY above 1 needs CACHE_URL.")
except ImproperlyConfigured as problem:
    sys.exit(f"Not started: {problem}")

bind = f"{address}:{port}"
worker_class = "gthread"
preload_app = False
timeout = 30
graceful_timeout = 30
# Longer than the 60 s for which common proxies keep a connection, so that it is they who close it.
keepalive = 75
# The heartbeat of a worker must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
control_socket_disable = True

# What a request may look like. Of what a proxy says, only X-Forwarded-Proto is taken.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
header_map = "refuse"
forwarder_headers = ""
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
pre_request = mark_repeated_headers

# No query string, referrer, user agent or body: those can hold what a person typed.
logger_class = PathOnlyLogger
loglevel = log_level.lower()
accesslog = "-" if log_level == "INFO" else None
access_log_format = "%(t)s %(h)s %(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"
