"""Run by the Python of `.venv-sdk`: makes the SDK calls that arrive on stdin, one JSON line each.

A line is [client, method, arguments]; the answer is one line too, {"returned": …} or {"raised": …}.
"""

import json
import sys

from abeja import secret, secret_version
from abeja.exceptions import HttpError

credential = json.loads(sys.argv[1])
clients = {
    "secret": secret.APIClient(credential, timeout=10, max_retry_count=1),
    "secret_version": secret_version.APIClient(credential, timeout=10, max_retry_count=1),
}
for line in sys.stdin:
    client, method, arguments = json.loads(line)
    try:
        answer = {"returned": getattr(clients[client], method)(**arguments)}
    except HttpError as error:
        answer = {"raised": type(error).__name__, **error._asdict()}
    print(json.dumps(answer), flush=True)
