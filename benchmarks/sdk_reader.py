"""Run by the Python of `.venv-sdk`: reads a whole organization as people do it with the official SDK.

Each line on stdin is an organization's id; it is read page by page, 100 at a time, and answered with
one JSON line: the `seconds` that took, and the `count` of secrets.
"""

import json
import sys
import time

from abeja.secret import APIClient

LIMIT = 100

client = APIClient({"user_id": "user-1410000000001", "personal_access_token": "a token"})
for line in sys.stdin:
    started = time.perf_counter()
    found: list[dict] = []
    has_next = True
    while has_next:
        page = client.get_secrets(line.strip(), offset=len(found), limit=LIMIT)
        found += page["secrets"]
        has_next = page["has_next"]
    print(json.dumps({"seconds": time.perf_counter() - started, "count": len(found)}), flush=True)
