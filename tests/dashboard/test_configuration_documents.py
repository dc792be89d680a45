"""Every variable that the code reads is documented, and nothing else is."""

import ast
import re
from collections.abc import Iterator

from tests.services.dashboard import PROJECT

READ_BY = ("dashboard", "accounts", "audit", "secrets_ui", "emulator")
READERS = re.compile(r"_?(read|get|getenv|database|between)(_\w+)?")
VARIABLE = re.compile(r"[A-Z][A-Z_]+")


def test_env_example_lists_exactly_the_variables_that_are_read() -> None:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    listed = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(_variables_read())


def test_the_document_explains_exactly_the_variables_that_are_read() -> None:
    text = (PROJECT / "docs" / "configuration.md").read_text()
    explained = re.findall(r"^\| `([A-Z_]+)` \| .+ \| .+ \|$", text, flags=re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(explained) == set(_variables_read())


def _variables_read() -> Iterator[str]:
    files = [path for package in READ_BY for path in (PROJECT / package).rglob("*.py")]
    for path in [*files, PROJECT / "gunicorn.conf.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield from _named_in(node)


def _named_in(call: ast.Call) -> Iterator[str]:
    """Yield the variable in a call such as `read(env.str, "PORT", …)` or `os.environ.get("PORT")`."""
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
    if not READERS.fullmatch(name):
        return
    if name == "get" and ast.unparse(call.func) != "os.environ.get":
        return
    for argument in call.args[:2]:
        text = getattr(argument, "value", None)
        if isinstance(text, str) and VARIABLE.fullmatch(text):
            yield text
            return
