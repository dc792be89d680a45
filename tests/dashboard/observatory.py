"""The score that the HTTP Observatory gives the headers of one answer over HTTPS.

The chart is public: https://github.com/mdn/mdn-http-observatory, `src/grader/charts.js` for the
points and `src/analyzer/tests/` for what earns them, as of commit 94042bb (2026). The code here is
our own. Left out is what one answer cannot show: the redirection from HTTP and the HSTS preload list
(0 and at most 5 points).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie

BASE = 100
# Points are added only where fewer than 11 were lost.
LOST_AT_MOST_FOR_EXTRA = 10
SIX_MONTHS = 15_552_000  # seconds, as the Observatory counts them

BROAD = {"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is scored. `headers` have lower-case names; one that was sent twice is joined with `, `."""

    headers: Mapping[str, str]
    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    body: str = ""


def score(answer: Answer) -> int:
    """Return the points of an answer; 100 is an A+, more is extra credit."""
    points = list(details(answer).values())
    lost = sum(each for each in points if each < 0)
    gained = sum(each for each in points if each > 0) if -lost <= LOST_AT_MOST_FOR_EXTRA else 0
    return max(BASE + lost + gained, 0)


def details(answer: Answer) -> dict[str, int]:
    """Return the points of each test by its name."""
    return {name: test(answer) for name, test in TESTS.items()}


def _content_security_policy(answer: Answer) -> int:
    policies = _policies(answer)
    if not policies or any(not policy for policy in policies):
        return -25
    return max(_points_of_policy(policy) for policy in policies)  # a browser enforces all of them


def _policies(answer: Answer) -> list[dict[str, set[str]]]:
    """Return the directives of each policy; none where it names one twice, which is not valid."""
    header = answer.headers.get("content-security-policy", "")
    return [_directives(policy) for policy in header.split(",") if header]


def _directives(policy: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for part in filter(str.strip, policy.split(";")):
        name, *sources = part.lower().split()
        if name in found:
            return {}
        found[name] = set(sources) or {"'none'"}
    return found


def _points_of_policy(policy: dict[str, set[str]]) -> int:
    everything = policy.get("default-src", {"*"})
    scripts, styles, objects = (
        policy.get(name, everything) for name in ("script-src", "style-src", "object-src")
    )
    active = {
        source
        for name, sources in policy.items()
        if name not in {"img-src", "media-src"}
        for source in sources
    }
    passive = policy.get("img-src", everything) | policy.get("media-src", everything)
    if scripts & (BROAD | INLINE) or objects & BROAD or _insecure(active):
        return -20
    if "'unsafe-eval'" in scripts | styles or _insecure(passive):
        return -10
    if styles & (BROAD | INLINE):
        return 0
    return 10 if everything == {"'none'"} else 5


def _insecure(sources: Iterable[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)


def _strict_transport_security(answer: Answer) -> int:
    header = answer.headers.get("strict-transport-security", "").lower()
    age = re.search(r"(?:^|;)\s*max-age=(\d+)", header)
    if not age or "," in header:
        return -20
    return 0 if int(age[1]) >= SIX_MONTHS else -10


def _frames(answer: Answer) -> int:
    if any("frame-ancestors" in policy for policy in _policies(answer)):
        return 5
    header = answer.headers.get("x-frame-options", "").strip().lower()
    if header.startswith("allow-from"):
        return 0
    return 5 if header in {"deny", "sameorigin"} else -20


def _content_type_options(answer: Answer) -> int:
    return (
        0 if answer.headers.get("x-content-type-options", "").strip().lower() == "nosniff" else -5
    )


def _referrer_policy(answer: Answer) -> int:
    private = ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"]
    leaky = ["origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"]
    header = answer.headers.get("referrer-policy")
    if header is None:
        return 0
    known = [
        word for part in header.lower().split(",") if (word := part.strip()) in private + leaky
    ]
    return 5 if known and known[-1] in private else -5


def _one_of(name: str, *, good: set[str], neutral: set[str]) -> Callable[[Answer], int]:
    """Return the test of a header that is worth 10 points, nothing, or 5 of loss where unreadable."""

    def test(answer: Answer) -> int:
        header = answer.headers.get(name)
        if header is None or header.strip().lower() in neutral:
            return 0
        return 10 if header.strip().lower() in good else -5

    return test


def _cookies(answer: Answer) -> int:
    kept = [cookie for cookie in answer.cookies.values() if str(cookie["max-age"]) != "0"]
    if not kept:
        return 0
    is_strict = _strict_transport_security(answer) == 0
    points = 5 if all(cookie["samesite"] for cookie in kept) else 0
    for cookie in kept:
        name = cookie.key.lower()
        is_session = "login" in name or "sess" in name
        if cookie["samesite"] and cookie["samesite"].lower() not in {"lax", "strict", "none"}:
            points = min(points, -20)
        if "csrf" in name and not cookie["samesite"]:
            points = min(points, -20)
        if is_session and not cookie["httponly"]:
            points = min(points, -30)
        if not cookie["secure"]:
            safe, unsafe = (-10, -40) if is_session else (-5, -20)
            points = min(points, safe if is_strict else unsafe)
    return points


def _sharing(answer: Answer) -> int:
    """Any site, with its visitor's credentials: the only way of sharing that costs points."""
    everybody = answer.headers.get("access-control-allow-credentials", "").lower() == "true"
    return -50 if everybody and "access-control-allow-origin" in answer.headers else 0


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append(dict(attributes))


def _subresource_integrity(answer: Answer) -> int:
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return 0
    parser = _Scripts()
    parser.feed(answer.body)
    sources = [script for script in parser.found if script.get("src")]
    foreign = [script for script in sources if re.match(r"(https?:)?//", str(script["src"]))]
    if any(not str(script["src"]).startswith("https:") for script in foreign):
        return -50 if any(not script.get("integrity") for script in foreign) else -20
    if any(not script.get("integrity") for script in foreign):
        return -5
    return 5 if foreign or any(script.get("integrity") for script in sources) else 0


TESTS: dict[str, Callable[[Answer], int]] = {
    "content-security-policy": _content_security_policy,
    "strict-transport-security": _strict_transport_security,
    "x-frame-options": _frames,
    "x-content-type-options": _content_type_options,
    "referrer-policy": _referrer_policy,
    "cross-origin-opener-policy": _one_of(
        "cross-origin-opener-policy",
        good={"same-origin", "same-origin-allow-popups", "noopener-allow-popups"},
        neutral={"unsafe-none"},
    ),
    "cross-origin-embedder-policy": _one_of(
        "cross-origin-embedder-policy",
        good={"require-corp", "credentialless"},
        neutral={"unsafe-none"},
    ),
    "cross-origin-resource-policy": _one_of(
        "cross-origin-resource-policy", good={"same-origin", "same-site"}, neutral={"cross-origin"}
    ),
    "cookies": _cookies,
    "cross-origin-resource-sharing": _sharing,
    "subresource-integrity": _subresource_integrity,
}
