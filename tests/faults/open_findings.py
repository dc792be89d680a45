"""Cells that break a rule today, by cause. The aim is an empty table: take out what is mended.

Whatever is not listed here fails the matrix; docs/reliability.md names the same causes.
"""

_CHECK = "check again"

# A look-up that cannot connect answers with the words for a write: "nothing was changed".
RULES = {"a_failed_look_up_says_nothing_of_the_write"}
# A list whose entries have no usable name is taken for one in which the name does not occur, and a
# field that the answer leaves out for one that is empty or off.
MISSING_IS_TAKEN_FOR_DIFFERENT = {
    ("wrong types", _CHECK),
    ("missing fields", _CHECK),
    ("nulls", _CHECK),
    ("answer lost after commit, missing fields", "create"),
    ("answer lost after commit, missing fields", "edit"),
    ("answer lost after commit, missing fields", "turn on"),
    ("answer lost after commit, missing fields", _CHECK),
    ("answer lost, missing fields", "turn off"),
    ("answer lost, missing fields", _CHECK),
}
# The answer's own id is not compared with the one that was asked for.
ANSWER_FOR_ANOTHER = {
    ("answer for another id", operation) for operation in ("detail", "reveal", "copy", "download")
}
# `created_at` is measured by our clock, not by the server's `Date`.
SERVER_CLOCK = {
    ("clock 3 h behind", _CHECK),
    ("answer lost after commit, clock 3 h behind", "create"),
    ("answer lost after commit, clock 3 h behind", _CHECK),
}
CELLS = MISSING_IS_TAKEN_FOR_DIFFERENT | ANSWER_FOR_ANOTHER | SERVER_CLOCK


def is_open(kind: str, operation: str, rule: str) -> bool:
    """Tell whether this is known."""
    return (kind, operation) in CELLS or rule in RULES
