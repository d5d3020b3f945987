"""Output as the AI SDK's clients read it: what their two formats share.

A stream can be left and taken up again anywhere. So how an event is written depends on it and on
the event before it only, and a place in a stream is an item's number and how many of the pieces
that the item is written as have been seen: `7.3`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, override

from jobs.docs.output import OutputEvent
from jobs.kit.http import BadRequestError

BAD_PLACE: Final = "Last-Event-ID must be the id of one of this stream's events"
PLACE: Final = re.compile(r"([1-9]\d{0,9})\.(\d{1,6})", re.ASCII)


class Place(NamedTuple):
    """`pieces` of item `item`, and all that is before it, have been seen."""

    item: int = 1
    pieces: int = 0

    @override
    def __str__(self) -> str:
        return f"{self.item}.{self.pieces}"


START: Final = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFormat:
    """`written` turns an event, and the one before it, into pieces; `framed` puts one on the wire.

    `heartbeat` is what a client reads without noticing it.
    """

    headers: Mapping[str, str]
    heartbeat: bytes
    written: Callable[[OutputEvent, OutputEvent | None], Sequence[str]]
    framed: Callable[[str, Place], bytes]


def parse_place(last_event_id: str | None) -> Place:
    """Read a `Last-Event-ID`. Raises `BadRequestError`."""
    if last_event_id is None:
        return START
    found = PLACE.fullmatch(last_event_id)
    if not found:
        raise BadRequestError(BAD_PLACE)
    return Place(int(found[1]), int(found[2]))
