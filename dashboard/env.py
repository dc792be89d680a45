"""Reading the environment: every bad value ends in one sentence that names the variable."""

import base64
import binascii
import os
import secrets
import tempfile
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from environs import Env

T = TypeVar("T")

env = Env()

KEY_BYTES = 32


def read(parse: Callable[..., T], name: str, default: Any) -> T:
    """Return `name` from the environment, parsed by one of environs' parsers.

    An unset or empty variable means `default`, which is parsed likewise where it is text.
    """
    try:
        if os.environ.get(name, "").strip():
            return parse(name)
        return parse(f"{name} (unset)", default)
    except ValueError:
        # The parser's own sentence quotes the value, and a URL may hold a password.
        raise ImproperlyConfigured(
            f"{name} is not valid: docs/configuration.md says what it may hold."
        ) from None


def read_between(name: str, *, low: int, high: int, default: int) -> int:
    """Return a whole number from `low` to `high`."""
    number = read(env.int, name, default)
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name} must be a number between {low} and {high}.")
    return number


def read_threads() -> int:
    """Return how many requests a worker serves at once.

    The server makes as many threads, and all but a few of them may wait for the API: both read it here.
    """
    return read_between("THREADS", low=8, high=256, default=32)


def read_choice(name: str, *, default: str, choices: dict[str, str]) -> str:
    """Return one of `choices` (word: what it means), or stop with the list of them."""
    value = read(env.str, name, default)
    if value not in choices:
        known = ", ".join(f"{word} ({meaning})" for word, meaning in choices.items())
        raise ImproperlyConfigured(f"{name} must be one of: {known}.")
    return value


def read_time_zone(name: str, *, default: str) -> str:
    """Return an IANA time zone name."""
    value = read(env.str, name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(
            f"{name} must be a time zone name such as Asia/Tokyo or UTC."
        ) from None
    return value


def read_networks(name: str, *, default: str) -> list[IPv4Network | IPv6Network]:
    """Return addresses and networks, separated by commas."""
    parts = [part.strip() for part in read(env.str, name, default).split(",") if part.strip()]
    try:
        return [ip_network(part) for part in parts]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must be addresses or networks such as 10.0.0.5,10.1.0.0/16."
        ) from None


def split_address(name: str, address: str) -> SplitResult:
    """Return the parts of the address in `name`, once its host and port are known to be readable."""
    try:
        parts = urlsplit(address)
        readable = parts.port != 0 and not any(character.isspace() for character in address)
    except ValueError:
        readable = False
    if not readable:
        raise ImproperlyConfigured(f"{name} is not an address.")
    return parts


def read_folder(name: str, *, default: Path) -> Path:
    """Return a folder that only its owner enters, made where it is missing."""
    folder = Path(read(env.str, name, str(default))).resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} must be a folder to write in: {error.strerror}."
        ) from None
    return folder


def read_keys(name: str, *, state_dir: Path) -> list[bytes]:
    """Return the 32-byte keys in `name`, newest first.

    The variable holds base64 keys separated by commas: the first one encrypts, all of them decrypt.
    Where it is unset, one key is made at the first start and kept in a file that only its owner reads.
    """
    text = read(env.str, name, "") or _kept_in_file(state_dir / f"{name.lower()}.txt", _new_key)
    keys = [_decode_key(name, part) for part in text.split(",") if part.strip()]
    if not keys:
        raise ImproperlyConfigured(f"{name} holds no key.")
    return keys


def read_secret_key(name: str, *, state_dir: Path) -> str:
    """Return Django's signing key from the environment, or one made at the first start."""
    value = read(env.str, name, "") or _kept_in_file(
        state_dir / f"{name.lower()}.txt", lambda: secrets.token_urlsafe(64)
    )
    if len(value) < 50:
        raise ImproperlyConfigured(f"{name} must have at least 50 characters.")
    return value


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _decode_key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"{name} must be base64 of {KEY_BYTES} random bytes (several are separated by commas)."
        )
    return key


def _kept_in_file(path: Path, make: Callable[[], str]) -> str:
    """Return what `path` holds; where it is missing, `make` it once, also among several processes."""
    try:
        if not path.exists():
            _write_once(path, make)
        if path.stat().st_mode & 0o077:
            raise ImproperlyConfigured(f"{path} can be read by others: run chmod 600 on it.")
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"{path} cannot be read or made.") from None


def _write_once(path: Path, make: Callable[[], str]) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(make() + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first, and its key is the one
    finally:
        os.unlink(draft)
