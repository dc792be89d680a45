"""All kinds of fault together."""

from tests.faults.kinds import connection, content, framing, paging, statuses, together
from tests.faults.kinds.kind import Kind

_ROOMS = (connection, statuses, framing, content, paging, together)
KINDS: dict[str, Kind] = {kind.name: kind for room in _ROOMS for kind in room.KINDS}
