import re

import pytest

from secret_manager import MAX_VALUE_BYTES
from secrets_ui.generator import RECIPES, SYMBOLS, generate

LOOKS = {
    "letters-32": r"[A-Za-z0-9]{32}",
    "symbols-32": rf"[A-Za-z0-9{re.escape(SYMBOLS)}]{{32}}",
    "letters-64": r"[A-Za-z0-9]{64}",
    "hex-64": r"[0-9a-f]{64}",
    "digits-8": r"[0-9]{8}",
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_value_looks_as_its_recipe_says(recipe: str) -> None:
    for _ in range(50):
        value = generate(recipe)
        assert re.fullmatch(LOOKS[recipe], value)
        assert len(value.encode()) < MAX_VALUE_BYTES
    assert re.findall(r"\d+", str(RECIPES[recipe].label))[0] == recipe.rpartition("-")[2]


@pytest.mark.parametrize("recipe", sorted(set(RECIPES) - {"digits-8"}))
def test_no_value_comes_twice(recipe: str) -> None:
    assert len({generate(recipe) for _ in range(500)}) == 500


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_character_of_the_alphabet_comes_up(recipe: str) -> None:
    alphabet = {
        "symbols-32": 62 + len(SYMBOLS),
        "hex-64": 16,
        "digits-8": 10,
    }.get(recipe, 62)
    assert len(set("".join(generate(recipe) for _ in range(400)))) == alphabet


def test_values_come_from_the_operating_systems_random_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("The predictable source was asked.")

    for name in ("choice", "choices", "random", "randint", "getrandbits"):
        monkeypatch.setattr(f"random.{name}", refuse)
    for recipe in RECIPES:
        generate(recipe)


def test_symbols_leave_out_quotes_backslash_and_space() -> None:
    assert not set(SYMBOLS) & set("\"'`\\ ")
    assert len(set(SYMBOLS)) == len(SYMBOLS)


def test_there_is_no_other_recipe() -> None:
    with pytest.raises(KeyError):
        generate("letters-1")
