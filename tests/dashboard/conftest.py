from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.product_settings import settings_with


class HttpsClient(Client):
    """A browser for which every address begins with https://."""

    def generic(self, *arguments: Any, **named: Any) -> HttpResponse:
        return super().generic(*arguments, **{**named, "secure": True})


@pytest.fixture
def over_https(settings: Any, tmp_path: Path) -> None:
    """The settings of HTTPS=on in place of those of HTTPS=off."""
    on, off = (settings_with(tmp_path, HTTPS=https) for https in ("on", "off"))
    for name, value in on.items():
        if name.isupper() and value != off.get(name):
            setattr(settings, name, value)


@pytest.fixture
def static_file(settings: Any, tmp_path: Path) -> str:
    """The address of a file that whitenoise serves to clients made after this."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "a.js").write_text("let a;")
    settings.STATIC_ROOT = str(folder)
    return f"{settings.STATIC_URL}a.js"
