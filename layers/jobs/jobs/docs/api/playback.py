"""A job's output items as a client is sent them, from wherever it left."""

from collections.abc import Iterator, Sequence

from jobs.docs.api.ai_stream import BAD_PLACE, START, Place, WireFormat
from jobs.docs.output import OutputEvent
from jobs.docs.ports import OutputItem
from jobs.kit.http import BadRequestError


class Playback:
    """Writes a job's output from a place on.

    `wanted` is the item to go on with, `seen` the place reached. It begins an item early: how that
    one ended tells how the first piece is to be written.
    """

    def __init__(self, wire: WireFormat, since: Place) -> None:
        self.heartbeat = wire.heartbeat
        self._wire = wire
        self._since = since
        self._last: OutputEvent | None = None
        self.seen = since
        self.wanted = max(1, since.item - 1)
        self.ended = False

    def play(self, items: Sequence[OutputItem]) -> Iterator[bytes]:
        """Write what follows; an item that is missing is waited for, with all that is after it.

        Raises `BadRequestError` if the place to begin at was never given out.
        """
        for item in items:
            if item.number != self.wanted:
                return
            pieces = [piece for event in item.events for piece in self._written(event)]
            yield from self._unseen(item.number, pieces)
            self.wanted += 1
            self.ended = item.end

    def give_up(self, why: str) -> Iterator[bytes]:
        """End a stream whose job will not. A client that comes again misses nothing by it."""
        error = {"t": "error", "error": why}
        for event in (error, {"t": "finish", "reason": "error", "in": 0, "out": 0}):
            for piece in self._written(event):
                yield self._wire.framed(piece, self.seen)

    def check(self) -> None:
        """Raise `BadRequestError` if the place to begin at is yet to come, all there is played."""
        if self._since != START and self.wanted <= self._since.item:
            raise BadRequestError(BAD_PLACE)

    def _written(self, event: OutputEvent) -> Sequence[str]:
        pieces = self._wire.written(event, self._last)
        self._last = event
        return pieces

    def _unseen(self, number: int, pieces: Sequence[str]) -> Iterator[bytes]:
        if number < self._since.item:
            return
        skipped = self._since.pieces if number == self._since.item else 0
        if skipped > len(pieces):
            raise BadRequestError(BAD_PLACE)
        for count, piece in enumerate(pieces[skipped:], start=skipped + 1):
            self.seen = Place(number, count)
            yield self._wire.framed(piece, self.seen)
