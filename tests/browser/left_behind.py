"""What a served dashboard and a browser leave behind, read as bytes, place by place."""

from collections.abc import Iterator
from pathlib import Path

from tests.secrets_ui.canary import Marker

# Under /proc, what tells about a process without its memory (SECURITY.md says why not that).
TOLD_BY_PROC = ("cmdline", "environ", "comm", "maps", "status", "mountinfo")


def of_process(pid: int) -> dict[str, bytes]:
    """Return what /proc tells of a process and of everything that it started."""
    places = {}
    for each in [pid, *children_of(pid)]:
        folder = Path("/proc") / str(each)
        for name in TOLD_BY_PROC:
            places[f"/proc {name} of {each}"] = (folder / name).read_bytes()
        for link in (folder / "fd").iterdir():
            places[f"/proc fd {link.name} of {each}"] = _target(link).encode()
    return places


def children_of(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from children_of(int(child))


def of_folder(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder: a browser's profile, a dashboard's state and logs."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def found(places: dict[str, bytes], markers: list[Marker]) -> set[tuple[str, str]]:
    """Return (marker, place) wherever one is, in any of the forms that a marker knows."""
    return {
        (marker.name, where)
        for marker in markers
        for where, place in places.items()
        if marker.found_in(place) or marker.found_in(_wide(place))
    }


def _wide(place: bytes) -> bytes:
    """Chromium keeps some texts as UTF-16: the same without every other byte."""
    return place.replace(b"\0", b"")


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
