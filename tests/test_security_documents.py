"""What the documents on security name exists, and no requirement of the ASVS is left out of them."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from tests.services.dashboard import PROJECT

ASVS = PROJECT / "docs" / "security" / "asvs.md"
DOCUMENTS = [PROJECT / "SECURITY.md", *sorted((PROJECT / "docs" / "security").glob("*.md"))]
REQUIREMENTS = PROJECT / "tests" / "data" / "asvs-5.0-level-2.txt"

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| .+ \| (\w+) \| ?(.*) \|$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./-]+\.(py|md|conf|yaml|lock|txt|js|html|css)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# A setting or a variable, alone or as somebody would write it down: `NAME` or `NAME=value`.
SETTING = re.compile(r"([A-Z][A-Z0-9]*_[A-Z0-9_]+)(=.*)?")


@pytest.fixture(params=DOCUMENTS, ids=lambda path: path.name)
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_every_requirement_stands_there_once_with_its_level() -> None:
    listed = [
        tuple(line.split())
        for line in REQUIREMENTS.read_text().splitlines()
        if not line.startswith("#")
    ]
    rows = [(number, level) for number, level, _here, _by in ROW.findall(ASVS.read_text())]
    assert len(listed) == 253
    assert rows == listed


def test_a_requirement_is_met_or_open_or_about_something_else() -> None:
    for number, _level, here, by in ROW.findall(ASVS.read_text()):
        assert here in {"yes", "no", "open"}, number
        assert by.strip() or here == "open", number


def test_what_is_open_is_explained_and_nothing_else() -> None:
    text = ASVS.read_text()
    explained = re.findall(r"\*\*(\d+\.\d+\.\d+)\*\*", text)
    rows = [number for number, _level, here, _by in ROW.findall(text) if here == "open"]
    assert len(explained) == len(set(explained))
    assert sorted(explained) == sorted(rows)


def test_every_file_and_test_that_is_named_exists(document: Path) -> None:
    named = [token for token in CODE.findall(document.read_text()) if _is_file(token)]
    missing = [token for token in named if not _exists(token)]
    assert not missing


def test_every_setting_that_is_named_exists(document: Path) -> None:
    codes = CODE.findall(document.read_text())
    named = {found[1] for found in map(SETTING.fullmatch, codes) if found}
    assert not {name for name in named if not hasattr(settings, name)} - _variables()


def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    missing = []
    for link in links:
        file, _hash, place = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        if not target.is_file() or (place and place not in _places(target)):
            missing.append(link)
    assert not missing


def test_these_checks_would_find_what_is_missing() -> None:
    here = "tests/test_security_documents.py"
    assert _exists(f"{here}::test_these_checks_would_find_what_is_missing")
    assert not _exists(f"{here}::test_that_nobody_wrote")
    assert not _exists("tests/test_that_nobody_wrote.py")
    assert "NO_SUCH_VARIABLE" not in _variables()
    assert "what-it-is-made-of" in _places(PROJECT / "docs" / "security" / "inventory.md")


def _is_file(token: str) -> bool:
    return bool(FILE.fullmatch(token.partition("::")[0]))


def _exists(token: str) -> bool:
    file, _colons, name = token.partition("::")
    path = PROJECT / file
    return path.is_file() and (not name or name in _functions(path))


@cache
def _functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@cache
def _variables() -> set[str]:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def _places(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as forges make them."""
    headings = HEADING.findall(path.read_text())
    return {
        re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }
