import base64
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard import env
from dashboard.env import (
    read,
    read_choice,
    read_folder,
    read_keys,
    read_secret_key,
    read_time_zone,
    split_address,
)
from tests.services.dashboard import PROJECT, environment_for

NAME = "A_SETTING"
BAD = "pa55word-in-a-bad-value"
KEY = base64.b64encode(bytes(32)).decode()
OTHER_KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A folder in which the variable of these tests is not kept yet."""
    return tmp_path


def sentence_of(action: Callable[[], object]) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        action()
    assert refused.value.__cause__ is None
    return str(refused.value)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_an_unset_or_empty_variable_means_the_default(
    text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if text is not None:
        monkeypatch.setenv(NAME, text)
    assert read(env.env.bool, NAME, True) is True
    assert read(env.env.list, NAME, ["a"]) == ["a"]


@pytest.mark.parametrize(
    "action",
    [
        lambda: read(env.env.bool, NAME, True),
        lambda: read(env.env.int, NAME, 1),
        lambda: read(env.env.dj_db_url, NAME, ""),
        lambda: read_choice(NAME, default="a", choices={"a": "this", "b": "that"}),
        lambda: read_time_zone(NAME, default="UTC"),
        lambda: read_keys(NAME, state_dir=Path("unused")),
        lambda: read_secret_key(NAME, state_dir=Path("unused")),
        lambda: split_address(NAME, f"https://[{BAD}"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_the_variable_and_quotes_nothing(
    action: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, BAD)
    sentence = sentence_of(action)
    assert NAME in sentence
    assert BAD not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_choice_is_told_with_its_meanings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "c")
    sentence = sentence_of(
        lambda: read_choice(NAME, default="a", choices={"a": "this", "b": "that"})
    )
    assert "a (this), b (that)" in sentence


@pytest.mark.parametrize(
    "name", ["Mars/Base", "../../etc/passwd", "/etc/passwd", "Asia", "a" * 999]
)
def test_only_a_time_zone_is_a_time_zone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, name)
    assert NAME in sentence_of(lambda: read_time_zone(NAME, default="UTC"))


@pytest.mark.parametrize(
    "address", ["https://[::1", "https://[zz]/", "https://h:99999", "https://h:x", "https://a b/"]
)
def test_an_address_that_cannot_be_taken_apart_is_refused(address: str) -> None:
    assert sentence_of(lambda: split_address(NAME, address)) == f"{NAME} is not an address."


def test_keys_come_newest_first(monkeypatch: pytest.MonkeyPatch, state_dir: Path) -> None:
    monkeypatch.setenv(NAME, f" {OTHER_KEY} , {KEY},")
    assert read_keys(NAME, state_dir=state_dir) == [b"k" * 32, bytes(32)]
    assert list(state_dir.iterdir()) == []


@pytest.mark.parametrize(
    "text", [",", "é", KEY[:-4], base64.b64encode(bytes(33)).decode(), f"{KEY},{BAD}", KEY + "\n!"]
)
def test_a_key_is_32_bytes_in_strict_base64(
    text: str, monkeypatch: pytest.MonkeyPatch, state_dir: Path
) -> None:
    monkeypatch.setenv(NAME, text)
    sentence = sentence_of(lambda: read_keys(NAME, state_dir=state_dir))
    assert NAME in sentence
    assert text not in sentence


def test_a_missing_key_is_made_once_and_kept_for_its_owner_only(state_dir: Path) -> None:
    first = read_keys(NAME, state_dir=state_dir)
    assert [len(key) for key in first] == [32]
    assert read_keys(NAME, state_dir=state_dir) == first
    (file,) = state_dir.iterdir()
    assert file.name == "a_setting.txt"
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    keys = [read_keys(NAME, state_dir=tmp_path / name) for name in ("one", "two")]
    secret_keys = [read_secret_key("OTHER", state_dir=tmp_path / name) for name in ("one", "two")]
    assert keys[0] != keys[1]
    assert secret_keys[0] != secret_keys[1]
    assert all(len(key) >= 50 for key in secret_keys)


def test_a_process_that_comes_second_takes_the_key_of_the_first(
    monkeypatch: pytest.MonkeyPatch, state_dir: Path
) -> None:
    make = env._new_key
    of_the_first: list[bytes] = []

    def make_while_another_process_does() -> str:
        monkeypatch.setattr(env, "_new_key", make)
        of_the_first.extend(read_keys(NAME, state_dir=state_dir))
        return make()

    monkeypatch.setattr(env, "_new_key", make_while_another_process_does)
    assert read_keys(NAME, state_dir=state_dir) == of_the_first
    assert [file.name for file in state_dir.iterdir()] == ["a_setting.txt"]


def test_processes_that_start_together_agree_on_the_key(state_dir: Path) -> None:
    script = (
        "from dashboard.env import Path, read_keys;"
        f"print(read_keys('{NAME}', state_dir=Path({str(state_dir)!r})))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=PROJECT,
            env=environment_for(state_dir),
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    printed = {process.communicate(timeout=60)[0] for process in started}
    assert len(printed) == 1
    assert printed != {b""}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_refused(mode: int, state_dir: Path) -> None:
    read_keys(NAME, state_dir=state_dir)
    file = state_dir / "a_setting.txt"
    file.chmod(mode)
    sentence = sentence_of(lambda: read_keys(NAME, state_dir=state_dir))
    assert "chmod 600" in sentence
    assert str(file) in sentence
    assert file.read_text().strip() not in sentence


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"half a key"])
def test_a_damaged_key_file_is_refused_and_not_overwritten(content: bytes, state_dir: Path) -> None:
    file = state_dir / "a_setting.txt"
    file.touch(mode=0o600)
    file.write_bytes(content)
    assert "a_setting" in sentence_of(lambda: read_keys(NAME, state_dir=state_dir)).lower()
    assert file.read_bytes() == content


def test_a_state_folder_is_made_for_its_owner_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(NAME, str(tmp_path / "state"))
    folder = read_folder(NAME, default=tmp_path)
    assert folder == tmp_path / "state"
    assert folder.stat().st_mode & 0o077 == 0


def test_a_state_folder_that_is_a_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(NAME, str(tmp_path / "file"))
    assert NAME in sentence_of(lambda: read_folder(NAME, default=tmp_path))
