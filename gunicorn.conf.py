"""How gunicorn serves the dashboard. docs/configuration.md explains each variable."""

import os
import resource
import sys
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from gunicorn.glogging import Logger

from accounts.repeated_headers import mark_repeated_headers
from dashboard import garbage, logs
from dashboard.env import env, read, read_between, read_choice, read_threads


class LineLogger(Logger):
    """Writes what gunicorn has to say without what a client sent: it may be what a person typed."""

    def access(self, resp: Any, req: Any, environ: dict, request_time: Any) -> None:
        """Write a line for an answer: no query string, referrer, user agent or body."""
        method = environ["REQUEST_METHOD"]
        # Percent-encoded, as it was sent.
        path = quote(environ["RAW_URI"].partition("?")[0], safe="/:%")
        status = int(str(resp.status).split(" ", 1)[0])
        # Files are handed to the kernel, which gunicorn does not count.
        handed_over = 0 if method == "HEAD" else resp.response_length or 0
        fields = {
            "peer": environ.get("REMOTE_ADDR", ""),
            "method": method,
            "path": path,
            "status": status,
            "bytes": resp.sent or handed_over,
            "ms": round(request_time.total_seconds() * 1000),
        }
        self.access_log.info("%s %s %s", method, path, status, extra=fields)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        # "Invalid request from ip=…: " goes on with the header or line that could not be read.
        if msg.startswith("Invalid request from "):
            msg = msg.partition(": ")[0]
        super().warning(msg, *args, **kwargs)


try:
    address = read(env.str, "BIND", "127.0.0.1")
    port = read_between("PORT", low=1, high=65535, default=8000)
    workers = read_between("WEB_CONCURRENCY", low=1, high=64, default=1)
    threads = read_threads()
    # Whoever sits at one of these addresses is believed when saying that a request came over HTTPS.
    forwarded_allow_ips = read(env.str, "FORWARDED_ALLOW_IPS", "127.0.0.1")
    log_level = read_choice("LOG_LEVEL", default="INFO", choices=logs.LEVELS)
    if workers > 1 and not read(env.str, "CACHE_URL", ""):
        # Each worker would keep sessions in its own memory, and a sign-out would reach only one.
        raise ImproperlyConfigured("WEB_CONCURRENCY above 1 needs CACHE_URL.")
except ImproperlyConfigured as problem:
    sys.exit(f"Not started: {problem}")

# A crash leaves no picture of the memory behind, in which values and credentials would be.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

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


def post_request(worker: Any, req: Any, environ: dict, resp: Any) -> None:
    logs.forget_request()


def post_worker_init(worker: Any) -> None:
    garbage.settle()


logger_class = LineLogger
logconfig_dict = logs.configuration(log_level)
logs.catch_the_rest()
