"""What is searched of a snapshot, laid out for it, and kept as long as the snapshot is."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain
from weakref import WeakKeyDictionary

from secret_manager import Summary
from secrets_ui.catalog.folding import folded, is_across, without_separators
from secrets_ui.catalog.snapshot import GAP, Snapshot
from secrets_ui.catalog.spelling import Vocabulary, vocabulary_of

_TEXTS_IN_A_PIECE = 500


class Texts:
    """Texts in one string, which takes less memory than many strings, and less time to look through."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._all = GAP.join([*texts, ""])
        self._starts = array("L", accumulate((len(text) + 1 for text in texts), initial=0))

    def __getitem__(self, position: int) -> str:
        return self._all[self._starts[position] : self._starts[position + 1] - 1]

    def holding(self, word: str, positions: Iterable[int] | None = None) -> list[int]:
        """Return the positions of the texts with a word: of all of them, or of those asked for."""
        find, starts = self._all.find, self._starts
        if positions is not None:
            return [at for at in positions if find(word, starts[at], starts[at + 1]) >= 0]
        found: list[int] = []
        position, place = 0, find(word)
        while place >= 0:
            position = bisect_right(starts, place, position) - 1
            found.append(position)
            place = find(word, starts[position + 1])
        return found

    def pieces(self) -> Iterator[str]:
        """Yield all texts, hundreds at a time."""
        for start in range(0, len(self._starts), _TEXTS_IN_A_PIECE):
            end = min(start + _TEXTS_IN_A_PIECE, len(self._starts) - 1)
            yield self._all[self._starts[start] : self._starts[end]]


class Notes:
    """Our own texts about some secrets of a snapshot, by position."""

    def __init__(self, snapshot: Snapshot, texts: Mapping[str, str]) -> None:
        places = snapshot.position_of
        self.of = {places[each]: text for each, text in texts.items() if each in places}
        self._positions = list(self.of)
        self._texts = Texts(list(self.of.values()))

    def holding(self, word: str, positions: Collection[int] | None = None) -> list[int]:
        """Return the positions of the secrets with a word in their note: of all, or of some."""
        found = [self._positions[number] for number in self._texts.holding(word)]
        among = None if positions is None or not found else set(positions)
        return found if among is None else [position for position in found if position in among]


class Index:
    """What one snapshot is searched by.

    names: with a hyphen at both ends, and for the underscore, which the API takes as well.
    joined: the names without what separates their parts.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.size = len(snapshot.entries)
        self.names = [f"-{name}-".replace("_", "-") for name in snapshot.names]
        self.joined = Texts([without_separators(name) for name in snapshot.names])
        self._names = Texts(snapshot.names)
        # Apart: ASCII takes half of the memory, and a word in other letters is not looked for in it.
        ascii_texts, other_texts = [], []
        # Few people and apps stand in many secrets.
        shared_ids: dict[str, list[int]] = defaultdict(list)
        for position, entry in enumerate(snapshot.entries):
            own = entry.id.lower(), folded(entry.description)
            ascii_texts.append(GAP.join(text for text in own if text.isascii()))
            other_texts.append(GAP.join(text for text in own if not text.isascii()))
            for shared_id in {entry.user_id, *entry.app_ids}:
                shared_ids[shared_id].append(position)
        self._texts = Texts(ascii_texts), Texts(other_texts)
        self._shared = [(folded(shared_id), places) for shared_id, places in shared_ids.items()]
        self._latest_notes: tuple[Mapping[str, str], Notes] | None = None

    def holding(self, word: str, positions: Collection[int] | None = None) -> list[int]:
        """Return the positions of the secrets with a word, some of them twice: of all, or of some."""
        joined = without_separators(word)
        if is_across(joined):
            found = self.joined.holding(joined, positions)
        else:
            found = self._names.holding(word, positions)
        if positions is None and len(found) > self.size // 4:
            # It is nearly everywhere, as the first letter that somebody types: look at the others only.
            positions = set(range(self.size)).difference(found)
        for texts in self._texts:
            found += texts.holding(word, positions)
        among = range(self.size) if positions is None else set(positions)
        for shared_id, places in self._shared:
            if word in shared_id:
                found += [position for position in places if position in among]
        return found

    def has(self, text: str, position: int) -> bool:
        """Tell whether what is written about a secret has a text in it."""
        return any(text in texts[position] for texts in self._texts)

    def text_of(self, entry: Summary, position: int) -> str:
        """Return everything that is searched of a secret."""
        own = (texts[position] for texts in (self._names, *self._texts))
        return GAP.join((*own, *map(folded, (entry.user_id, *entry.app_ids))))

    def pieces(self) -> Iterator[str]:
        """Yield everything that is searched, each text once."""
        texts = self._names, *self._texts
        return chain(*(each.pieces() for each in texts), (one for one, _ in self._shared))

    def notes_of(self, snapshot: Snapshot, texts: Mapping[str, str]) -> Notes:
        """Return notes laid out for this snapshot; they are the same from one search to the next."""
        latest = self._latest_notes
        if latest is None or latest[0] is not texts:
            latest = self._latest_notes = texts, Notes(snapshot, texts)
        return latest[1]

    @cached_property
    def rank(self) -> Sequence[int]:
        """The place of each secret among those that fit equally: short names first."""
        names = self.names
        in_order = sorted(range(self.size), key=names.__getitem__)
        in_order.sort(key=[len(name) for name in names].__getitem__)
        rank = array("L", [0]) * self.size
        for number, position in enumerate(in_order):
            rank[position] = number
        return rank

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return vocabulary_of(self.pieces())


_indexes: WeakKeyDictionary[Snapshot, Index] = WeakKeyDictionary()


def index_of(snapshot: Snapshot) -> Index:
    """Return the index of a snapshot; two threads at once may both make it, and one is kept."""
    index = _indexes.get(snapshot)
    if index is None:
        index = _indexes[snapshot] = Index(snapshot)
    return index
