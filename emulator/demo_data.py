"""The secrets of the demonstration organization, read from demo_secrets.txt."""

from pathlib import Path
from typing import NamedTuple

# Secrets in a rare state, so that every page has something to show.
NONE_ACTIVE = "labs-sales-coach-token"
TWO_ACTIVE = {"payment-webhook-signing-key", "web-session-signing-key"}
MANY_VERSIONS = "infra-container-registry-token"


class DemoSecret(NamedTuple):
    name: str
    shape: str
    description: str | None


def read_demo_secrets() -> list[DemoSecret]:
    text = Path(__file__).with_name("demo_secrets.txt").read_text(encoding="utf-8")
    return [_parse(line) for line in text.splitlines() if not line.startswith("#")]


def _parse(line: str) -> DemoSecret:
    name, shape, description = (part.strip() for part in line.split("|"))
    return DemoSecret(name, shape, description or None)
