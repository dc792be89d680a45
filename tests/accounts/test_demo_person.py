from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demonstration(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO = True
    settings.STATE_DIR = tmp_path
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    monkeypatch.delenv("PORT", raising=False)


def demo_person() -> dict[str, str]:
    """Run the command and return what it printed: Open, User and Password."""
    printed = StringIO()
    call_command("demo_person", stdout=printed)
    lines = (line.split() for line in printed.getvalue().splitlines() if line.strip())
    return {name: text for name, text in lines}


def test_what_it_prints_is_a_way_to_sign_in() -> None:
    printed = demo_person()
    assert printed["Open"] == "http://127.0.0.1:8000"
    assert printed["User"] == "demo"
    assert authenticate(username="demo", password=printed["Password"]) is not None


def test_running_it_again_keeps_the_password_and_the_sessions() -> None:
    first = demo_person()
    stored = Person.objects.get(username="demo").password
    assert demo_person() == first
    assert Person.objects.get(username="demo").password == stored


def test_the_environment_may_set_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    demo_person()
    monkeypatch.setenv("DEMO_PASSWORD", "from-the-environment")
    monkeypatch.setenv("PORT", "9000")
    printed = demo_person()
    assert printed["Password"] == "from-the-environment"
    assert printed["Open"] == "http://127.0.0.1:9000"
    assert authenticate(username="demo", password="from-the-environment") is not None
    assert Person.objects.count() == 1


def test_the_password_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    demo_person()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_two_machines_have_different_passwords(tmp_path: Path, settings: Settings) -> None:
    first = demo_person()
    settings.STATE_DIR = tmp_path / "other"
    settings.STATE_DIR.mkdir()
    assert demo_person()["Password"] != first["Password"]


def test_there_is_no_such_account_outside_the_demonstration(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=on"):
        demo_person()
    assert not Person.objects.exists()


def test_the_account_has_no_special_rights() -> None:
    demo_person()
    person = Person.objects.get(username="demo")
    assert not person.is_staff
    assert not person.is_superuser
