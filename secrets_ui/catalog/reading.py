"""Reading all secrets of an organization, several pages at once: there is no total to go by.

As many pages as the width allows are asked for ahead, and put together in the order of the list. The
first page that has no next one ends it. Nothing the server says about "more" is believed without end.
"""

import threading
import time
from collections.abc import Callable

from secret_manager import SecretManagerError, Summary, SummaryPage
from secrets_ui.catalog import background

PAGE = 100
MOST_SECRETS = 50_000
# One reading of them all; what is not there by then is left out, and said to be.
SECONDS = 120.0
# Pages past the last one mean a server that never ends.
_MOST_PAGES = 2 * MOST_SECRETS // PAGE

Fetch = Callable[[int, int], SummaryPage]
"""Return the page at an offset with a limit; raises SecretManagerError."""


class Reading:
    """One reading, under way or over. Asked by other threads while it goes on.

    is_over: set at its end. is_complete: whether all that there is was read.
    dropped: how many entries could not be used. error: what ended it early.
    """

    def __init__(self, fetch: Fetch, *, width: int) -> None:
        self.is_over = threading.Event()
        self.is_complete = False
        self.error: SecretManagerError | None = None
        self.started_at = time.time()
        self._fetch = fetch
        self._width = width
        self._give_up_at = time.monotonic() + SECONDS
        self._lock = threading.Lock()
        # Set where reading ahead is over, for whatever reason: what comes later is of no use.
        self._ended = threading.Event()
        self._mistake: Exception | None = None
        self._walking = 0
        self._start_over()

    @property
    def count(self) -> int:
        """How many secrets are in so far."""
        return len(self._entries)

    def so_far(self) -> list[Summary]:
        """Return the secrets that are in, in the order of the list."""
        with self._lock:
            return list(self._entries)

    def run(self) -> None:
        """Read until the end. Errors of the API are kept in `error`, our own mistakes raised."""
        try:
            self._walking = self._width
            for _ in range(self._width):
                background.start(self._walk)
            # Not for the threads: those that asked past the end still wait for answers of no use.
            self._ended.wait(SECONDS)
            if self._mistake is not None:
                raise self._mistake
            if self._has_short_pages:
                self._read_one_by_one()
        finally:
            self._ended.set()
            self.is_over.set()

    def _start_over(self) -> None:
        self.dropped = 0
        self._entries: list[Summary] = []
        self._seen: set[str] = set()
        self._waiting: dict[int, SummaryPage | SecretManagerError] = {}
        self._next_asked = 0
        # While one page is slow, the others do not go on past the end.
        self._last_needed = (_MOST_PAGES - 1) * PAGE
        self._next_taken = 0
        self._is_ended = False
        self._has_short_pages = False

    def _walk(self) -> None:
        try:
            self._read_ahead()
        except Exception as mistake:
            # Raised by `run`: nobody would hear of it here, and the others would wait for this page.
            self._mistake = mistake
            self._ended.set()
        with self._lock:
            self._walking -= 1
            if not self._walking:
                self._ended.set()

    def _read_ahead(self) -> None:
        while (offset := self._next_offset()) is not None:
            page = self._page(offset)
            with self._lock:
                if self._ended.is_set():
                    return
                self._waiting[offset] = page
                if _is_last(page):
                    self._last_needed = min(self._last_needed, offset)
                self._take_what_is_due()
                if self._is_ended:
                    self._ended.set()
            if isinstance(page, SecretManagerError):
                return

    def _page(self, offset: int) -> SummaryPage | SecretManagerError:
        """Return a page, or why there is none: asked past the end, a server may refuse."""
        try:
            return self._fetch(offset, PAGE)
        except SecretManagerError as error:
            return error

    def _next_offset(self) -> int | None:
        with self._lock:
            is_past_the_end = self._next_asked > self._last_needed
            if self._ended.is_set() or is_past_the_end or time.monotonic() > self._give_up_at:
                return None
            offset = self._next_asked
            self._next_asked += PAGE
            return offset

    def _take_what_is_due(self) -> None:
        """Put the pages that have come in the order of the list, as far as none is missing."""
        while not self._is_ended and (page := self._waiting.pop(self._next_taken, None)):
            self._next_taken += PAGE
            if isinstance(page, SecretManagerError):
                self.error, self._is_ended = page, True
                return
            if page.has_next and page.received < PAGE:
                # A lower limit of the server's own: the pages after this one begin elsewhere.
                self._has_short_pages = self._is_ended = True
                return
            self._take(page)

    def _take(self, page: SummaryPage) -> None:
        unseen = {one.id: one for one in page.summaries if one.id not in self._seen}
        room = MOST_SECRETS - len(self._entries)
        fresh = list(unseen.values())[:room]
        self._seen.update(one.id for one in fresh)
        self._entries += fresh
        self.dropped += page.dropped
        is_cut = len(fresh) < len(unseen)
        if not page.has_next or is_cut or not fresh:
            self._is_ended = True
            self.is_complete = not page.has_next and not is_cut

    def _read_one_by_one(self) -> None:
        with self._lock:
            self._start_over()
        offset = 0
        while not self._is_ended and time.monotonic() < self._give_up_at:
            page = self._page(offset)
            if isinstance(page, SecretManagerError):
                self.error = page
                return
            with self._lock:
                self._take(page)
            offset += page.received


def _is_last(page: SummaryPage | SecretManagerError) -> bool:
    """Tell whether nothing after this page is taken, once it is its turn."""
    return isinstance(page, SecretManagerError) or not page.has_next or page.received < PAGE
