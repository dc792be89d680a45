"""Exit with 0 where the dashboard answers on /livez. The image's HEALTHCHECK runs this."""

import http.client
import os
import sys

PORT = int(os.environ.get("PORT") or 8000)
SECONDS = 4

# The dashboard answers only to the names it is served under, also when it asks itself.
first_host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
host = "localhost" if first_host in {"", "*"} else first_host

connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=SECONDS)
try:
    connection.request("GET", "/livez", headers={"Host": host})
    status = connection.getresponse().status
except OSError as problem:
    sys.exit(f"No answer on port {PORT}: {problem}")
sys.exit(0 if status == 200 else f"/livez answered {status}")
