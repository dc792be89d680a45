"""Which headers came more than once, told by the server: WSGI joins them, and hides that they were two.

Knows no Django: gunicorn.conf.py uses it, in the process that starts the others.
"""

from collections import Counter
from typing import Any

# No client can send a header of this name: it holds a blank.
_MARK = "REPEATED HEADERS"
# Under this name the application finds them: upper case, separated by commas, empty where none is.
REPEATED = f"HTTP_{_MARK}"


def mark_repeated_headers(worker: Any, request: Any) -> None:
    """Add the mark to a request, as gunicorn's `pre_request` hook."""
    counts = Counter(name for name, _value in request.headers)
    repeated = sorted(name for name, count in counts.items() if count > 1)
    request.headers.append((_MARK, ",".join(repeated)))
