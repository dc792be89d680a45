"""Words the client's tests share."""

import base64

from secret_manager import SecretManagerClient

ROOT = "https://secrets.example.test"
SECRETS = f"{ROOT}/secret-manager/organizations/10/secrets"
SECRET = f"{SECRETS}/20"
VERSIONS = f"{SECRET}/versions"
VERSION = f"{VERSIONS}/30"

SECRET_DOCUMENT = {
    "id": "20",
    "organization_id": "10",
    "user_id": "40",
    "name": "AWS_ACCESS_KEY",
    "description": "AWS access key",
    "expired_at": "2025-05-21T19:01:00Z",
    "properties": None,
    "provider": "aws-secret-manager",
    "rotation": False,
    "integration_service_type": "abeja-platform-labs",
    "integration_service_ids": ["51", "52"],
    "created_at": "2025-04-30T19:01:19.209973Z",
    "updated_at": "2025-04-30T19:01:19.209975Z",
    "versions": [],
}
VERSION_DOCUMENT = {
    "id": "30",
    "organization_id": "10",
    "secret_id": "20",
    "value": base64.b64encode(b"test").decode(),
    "version": 2,
    "status": "active",
    "provider": "aws-secret-manager",
    "created_at": "2025-05-01T04:02:20.962352Z",
    "updated_at": "2025-05-01T07:10:00.646086Z",
}

# Every operation once: its name, method, address, and a call of it.
OPERATIONS = {
    "get_secrets": ("GET", SECRETS, lambda c: c.get_secrets("10")),
    "get_secret": ("GET", SECRET, lambda c: c.get_secret("10", "20")),
    "create_secret": ("POST", SECRETS, lambda c: c.create_secret("10", "NAME", "hunter2-hunter2")),
    "update_secret": ("PATCH", SECRET, lambda c: c.update_secret("10", "20", "new")),
    "delete_secret": ("DELETE", SECRET, lambda c: c.delete_secret("10", "20")),
    "get_secret_versions": ("GET", VERSIONS, lambda c: c.get_secret_versions("10", "20")),
    "get_secret_version": ("GET", VERSION, lambda c: c.get_secret_version("10", "20", "30")),
    "reveal": ("GET", VERSION, lambda c: c.get_secret_version("10", "20", "30", with_value=True)),
    "create_secret_version": (
        "POST",
        VERSIONS,
        lambda c: c.create_secret_version("10", "20", "hunter2-hunter2"),
    ),
    "update_secret_version": (
        "PATCH",
        VERSION,
        lambda c: c.update_secret_version("10", "20", "30", "inactive"),
    ),
    "delete_secret_version": (
        "DELETE",
        VERSION,
        lambda c: c.delete_secret_version("10", "20", "30"),
    ),
}
READS = sorted(name for name, (method, _, _) in OPERATIONS.items() if method == "GET")
WRITES = sorted(set(OPERATIONS) - set(READS))


class Pauses:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def clock(self) -> float:
        return 1000.0 + sum(self.taken)

    def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)


def call(client: SecretManagerClient, name: str) -> object:
    return OPERATIONS[name][2](client)


def failure_of(action, kind: type[Exception] = Exception) -> Exception:
    """The exception an action ends with, raised for real, with all that hangs on it."""
    try:
        action()
    except kind as failure:
        return failure
    raise AssertionError("It should have failed.")


def everything_on(failure: BaseException) -> str:
    """All texts that an exception and whatever is chained to it carry."""
    texts, waiting, seen = [], [failure], set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
        for name in ("doc", "object", "request", "response"):
            held = getattr(one, name, None)
            texts.append(
                repr(held) + repr(getattr(held, "body", "")) + repr(getattr(held, "headers", ""))
            )
        waiting += [one.__cause__, one.__context__]
    return "\n".join(texts)
