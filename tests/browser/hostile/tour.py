"""Going through pages with hostile texts, and finding each as it is with harmless ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import Page

from tests.browser.hostile import TEXTS, arrived, as_read, bundles, plain
from tests.browser.hostile.api import HostileApi
from tests.browser.hostile.remembered import Prepare, nothing
from tests.browser.hostile.watch import Look, Watch, differences

BUNDLES = bundles(TEXTS, longest=8000)
MESSAGES = bundles([text[:140] for text in TEXTS], longest=290)
"""An error's words are cut after 300 characters."""

WRITES = ("POST", "PATCH", "DELETE")
EVERYTHING = ("GET", *WRITES)

_PRESS = """
    ([selector, typed]) => new Promise((done, fail) => {
        setTimeout(() => fail(new Error(`Nothing came of ${selector}.`)), 15000);
        document.body.addEventListener("htmx:afterSettle", () => done(), { once: true });
        const element = document.querySelector(selector);
        if (typed === null) return element.click();
        element.value = typed;
        element.dispatchEvent(new Event("input", { bubbles: true }));
    })
"""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """How something is told by the API.

    texts: what it says; each is said once in every field. rows: how many of a list are seen at once.
    shows: the fields that can be read there, `up_to` so many characters.
    refused: the methods that end in an error.
    in_pairs: line ends make elements there, so each text is compared with its own harmless twin.
    prepare: keeps beforehand what the page shows of what was said earlier.
    """

    texts: Sequence[str] = BUNDLES
    rows: int = 1
    shows: Sequence[str] = ("name",)
    up_to: int | None = None
    refused: Sequence[str] = ()
    in_pairs: bool = False
    prepare: Prepare = nothing


@dataclass(frozen=True)
class Tour:
    """One browser's page, and the API behind it."""

    page: Page
    api: HostileApi
    watch: Watch
    places: dict[str, str]
    """What stands in an address for a word in braces; `{typed}` is a text."""

    def visit(self, path: str) -> None:
        typed = quote(arrived(self.api.text("typed")))
        self.page.goto(path.format(**self.places, typed=typed))

    def compare(
        self,
        what: str,
        scene: Scene,
        act: Callable[[], object],
        undo: Callable[[], object] | None = None,
    ) -> None:
        """Do something with harmless texts and with every hostile one: the page is built alike."""
        harmless = plain(scene.texts)
        expected = None
        for start in range(0, len(scene.texts), scene.rows):
            if expected is None or scene.in_pairs:
                expected = self._look(scene, harmless, start, act, undo)
            seen = self._look(scene, scene.texts, start, act, undo)
            other, unseen = differences(expected, seen), self._unseen(scene, as_read(seen.text))
            assert not other, f"{what} is built otherwise: {other}"
            assert not unseen, f"{what} does not show {unseen}"

    def press(self, selector: str) -> None:
        """Click, and wait until htmx has put the answer in its place."""
        self.page.evaluate(_PRESS, [selector, None])

    def search(self, selector: str, words: str) -> None:
        """Type into a field that is searched as one types, and wait for what is found."""
        self.page.evaluate(_PRESS, [selector, words])

    def click(self, selector: str) -> None:
        """Click something that asks nobody."""
        self.page.eval_on_selector(selector, "(element) => element.click()")

    def submit(self, selector: str, **typed: str) -> None:
        """Send a form as a browser without JavaScript does."""
        for name, text in typed.items():
            field = f"{selector} [name={name}]"
            self.page.eval_on_selector(field, "(field, text) => { field.value = text }", text)
        with self.page.expect_navigation():
            self.page.eval_on_selector(selector, "(form) => form.submit()")

    def _look(
        self,
        scene: Scene,
        texts: Sequence[str],
        start: int,
        act: Callable[[], object],
        undo: Callable[[], object] | None,
    ) -> Look:
        self.api.play(texts, start, rows=scene.rows, refused=scene.refused)
        scene.prepare(self.api, scene.rows)
        act()
        found = self.watch.look(self.page)
        if undo:
            undo()
        return found

    def _unseen(self, scene: Scene, text: str) -> list[str]:
        said = (self.api.text(field, row) for field in scene.shows for row in range(scene.rows))
        return [each for each in said if as_read(each)[: scene.up_to] not in text]
