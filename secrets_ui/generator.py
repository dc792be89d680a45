"""Random values that nobody has to think up, from the operating system's random source."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LETTERS_AND_DIGITS = string.ascii_letters + string.digits
SYMBOLS = "!#$%&()*+-./:;<=>?@[]^_{|}~"


@dataclass(frozen=True)
class Recipe:
    """A kind of value: what it looks like and how to make one."""

    label: str | Promise
    make: Callable[[], str]


def _of(alphabet: str, length: int) -> Callable[[], str]:
    return lambda: "".join(secrets.choice(alphabet) for _ in range(length))


RECIPES = {
    "letters-32": Recipe(_("32 letters and digits"), _of(LETTERS_AND_DIGITS, 32)),
    "symbols-32": Recipe(
        _("32 letters, digits and symbols"), _of(LETTERS_AND_DIGITS + SYMBOLS, 32)
    ),
    "letters-64": Recipe(_("64 letters and digits"), _of(LETTERS_AND_DIGITS, 64)),
    "hex-64": Recipe(_("64 hexadecimal digits (256 bits)"), lambda: secrets.token_hex(32)),
    "digits-8": Recipe(_("8 digits (a PIN: easy to guess)"), _of(string.digits, 8)),
}


def generate(recipe: str) -> str:
    """Return a new random value made after one of RECIPES."""
    return RECIPES[recipe].make()
