"""What a browser is seen to do with a page: what the page is made of, and what it must never do."""

from dataclasses import dataclass

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

from tests.browser.hostile import CALLED

# What a page is made of: every node but the texts. `texts` are the attributes that may hold a text of the
# API; all others are the templates' own, whole, but for an address's query and numbers, which time moves.
_LOOK = """
    () => {
        const texts = ["title", "aria-label", "value"];
        const addresses = ["href", "src", "action", "formaction"];
        const lines = [], foreign = [];
        const settled = (classes) => classes.split(/\\s+/).filter((one) => !one.startsWith("htmx-"));
        const written = ({ name, value }) => {
            if (texts.includes(name)) return name;
            if (name === "class") return `class=${settled(value)}`;
            if (/^\\d+$/.test(value)) return `${name}=a number`;
            return `${name}=${value.split("?")[0]}`;
        };
        const walk = (parent, depth) => {
            for (const node of parent.childNodes) {
                if (node.nodeType === Node.TEXT_NODE) continue;
                if (node.nodeType !== Node.ELEMENT_NODE) {
                    lines.push(`${depth} ${node.nodeName} ${node.data}`);
                    continue;
                }
                const attributes = [...node.attributes];
                const described = attributes.map(written).sort();
                lines.push([depth, node.namespaceURI, node.localName, ...described].join(" "));
                for (const { localName, value } of attributes) {
                    if (!addresses.includes(localName)) continue;
                    if (new URL(value, location).origin !== location.origin) foreign.push(value);
                }
                for (const within of [node.shadowRoot, node.content]) {
                    if (within instanceof DocumentFragment) walk(within, depth + 1);
                }
                walk(node, depth + 1);
            }
        };
        walk(document, 0);
        const typed = [...document.querySelectorAll("input")].map((field) => field.value);
        return {
            shape: lines.join("\\n"),
            text: [document.documentElement.textContent, ...typed].join(" "),
            foreign,
        };
    }
"""
_TELL_OF_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) =>
        __told(`${event.violatedDirective} was violated by ${event.blockedURI} ${event.sample}`));
"""
# A page may be refused on purpose; the stub answers with such a status.
_REFUSED = "Failed to load resource: the server responded with a status of"


@dataclass(frozen=True, kw_only=True)
class Look:
    """A page as it stands. `shape`: its elements with their attributes, one a line."""

    shape: str
    text: str


class Watch:
    """Hears of everything in a browser that data must never bring about.

    origin: the only place that may be asked for anything.
    """

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.heard: list[str] = []
        self._origin = origin
        context.expose_function(CALLED, self._hear_call)
        context.expose_function("__told", self._hear)
        context.add_init_script(_TELL_OF_VIOLATIONS)
        context.on("request", self._hear_request)
        context.on("console", self._hear_console)
        context.on("weberror", lambda error: self._hear(f"error: {error.error}"))
        context.on("page", self._hear_page)
        context.on("dialog", self._hear_dialog)

    def look(self, page: Page) -> Look:
        """Return how a page stands, once nothing was heard and no address leads away."""
        found = page.evaluate(_LOOK)
        assert not self.heard, self.heard[:5]
        assert not found["foreign"], found["foreign"][:5]
        return Look(shape=found["shape"], text=found["text"])

    def _hear(self, what: str) -> None:
        self.heard.append(what)

    def _hear_call(self, *given: object) -> None:
        self._hear(f"text {given} was run")

    def _hear_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self._origin}/"):
            self._hear(f"asked for {request.url}")

    def _hear_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_REFUSED):
            self._hear(f"console: {message.text}")

    def _hear_page(self, page: Page) -> None:
        if len(page.context.pages) > 1:
            self._hear(f"opened {page.url}")

    def _hear_dialog(self, dialog: Dialog) -> None:
        self._hear(f"asked: {dialog.message}")
        dialog.dismiss()


def differences(expected: Look, seen: Look) -> list[str]:
    """Return the first lines in which a page is not made of what it should be made of."""
    pairs = zip(expected.shape.split("\n"), seen.shape.split("\n"), strict=False)
    other = [f"{one!r} became {another!r}" for one, another in pairs if one != another]
    if not other and expected.shape != seen.shape:
        other = [f"{len(expected.shape)} characters became {len(seen.shape)}"]
    return other[:5]
