"""The common parts of the AI SDK's two stream formats.

Clients can resume a stream at any position. Therefore the pieces of an event depend on this event
and the previous one only. A position is an item's number and the number of its pieces that the
client has received: `7.3`. A stream that ends without the agent ends with a position such as
`7.3.end`, so that clients that reconnect by themselves learn that nothing follows.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, override

from jobs.kit.http import BadRequestError
from jobs.kit.output.events import OutputEvent

INVALID_POSITION: Final = "Last-Event-ID must be the id of one of this stream's events"
POSITION: Final = re.compile(r"([1-9]\d{0,9})\.(\d{1,6})(\.end)?", re.ASCII)


class StreamPosition(NamedTuple):
    """A position in a stream, after `pieces` pieces of item `item`; `at_end`: nothing follows."""

    item: int = 1
    pieces: int = 0
    at_end: bool = False

    @override
    def __str__(self) -> str:
        return f"{self.item}.{self.pieces}{'.end' if self.at_end else ''}"


START: Final = StreamPosition()


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFormat:
    """A stream format. Clients ignore its `heartbeat`.

    `to_pieces` serializes an event, given the previous one. `to_frame` encodes a piece.
    """

    headers: Mapping[str, str]
    heartbeat: bytes
    to_pieces: Callable[[OutputEvent, OutputEvent | None], Sequence[str]]
    to_frame: Callable[[str, StreamPosition], bytes]


def parse_position(last_event_id: str | None) -> StreamPosition:
    """Read a `Last-Event-ID`. Raises `BadRequestError`."""
    if last_event_id is None:
        return START
    found = POSITION.fullmatch(last_event_id)
    if not found:
        raise BadRequestError(INVALID_POSITION)
    return StreamPosition(int(found[1]), int(found[2]), at_end=found[3] is not None)
