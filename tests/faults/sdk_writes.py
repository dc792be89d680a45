"""Run by the Python of `.venv-sdk`: the official SDK, with its own defaults, creates and reports.

Arguments: credential as JSON, organization, secret id, how many. One line of JSON for each act.
"""

import json
import sys

from abeja import secret, secret_version

credential, organization_id, secret_id, count = sys.argv[1:]
secrets = secret.APIClient(json.loads(credential))
versions = secret_version.APIClient(json.loads(credential))


def said(act, **arguments):
    try:
        act(organization_id=organization_id, **arguments)
    except Exception as error:
        return type(error).__name__
    return ""


for number in range(int(count)):
    failure = said(secrets.create_secret, name=f"sdk_{number}", value=f"value {number}")
    print(json.dumps(["create", number, failure]), flush=True)
for number in range(int(count)):
    failure = said(versions.create_secret_version, secret_id=secret_id, value=f"version {number}")
    print(json.dumps(["version", number, failure]), flush=True)
