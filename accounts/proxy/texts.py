"""What the parts of an identity may look like, whoever says them."""

import re
import unicodedata

from accounts.proxy.errors import NotProven

MAX_CHARACTERS = 255
# What names an account is ASCII, as OpenID Connect Core 1.0 section 2 has it: no letter looks like
# another, and nothing has two spellings.
_IDENTIFIER = re.compile(r"[!-~]([ -~]*[!-~])?")
_EMAIL = re.compile(r"[!-~]+@[!-~]+")


def identifier(value: object, what: str) -> str:
    """Return what names an account: 1 to 255 characters of visible ASCII, no blanks around them.

    Raises NotProven, which calls it `what`.
    """
    if not isinstance(value, str) or not value:
        raise NotProven(f"{what} is empty or no text")
    if len(value) > MAX_CHARACTERS:
        raise NotProven(f"{what} is too long")
    if not _IDENTIFIER.fullmatch(value):
        raise NotProven(f"{what} holds a character that it may not hold")
    return value


def email_address(value: object, what: str) -> str:
    """Return an email address in ASCII: ROLE_MAP compares it without regard to case."""
    address = identifier(value, what)
    if not _EMAIL.fullmatch(address) or address.count("@") != 1:
        raise NotProven(f"{what} is not an email address")
    return address


def group(value: object, what: str) -> str:
    """Return the name of a group, in any script.

    A bad one is refused and not left out: the first entry of ROLE_MAP that fits decides, so one group
    less can mean a role that may do more.
    """
    if not isinstance(value, str) or not value or value != value.strip():
        raise NotProven(f"{what} holds an empty group, or one with blanks around it")
    if len(value) > MAX_CHARACTERS:
        raise NotProven(f"{what} holds a group whose name is too long")
    if not _is_visible(value) or not unicodedata.is_normalized("NFC", value):
        raise NotProven(f"{what} holds a group with a character that it may not hold")
    return value


def display_name(value: object) -> str:
    """Return what to call somebody; empty where it cannot be shown. It proves nothing."""
    if not isinstance(value, str):
        return ""
    name = unicodedata.normalize("NFC", " ".join(value.split()))
    return name if len(name) <= MAX_CHARACTERS and _is_visible(name) else ""


def _is_visible(text: str) -> bool:
    """No control, format (zero width, direction) or unassigned character, no half of a pair."""
    return all(each.isprintable() or unicodedata.category(each) == "Zs" for each in text)
