"""Encode a job's output items for a client, from any position."""

from collections.abc import Iterator, Sequence

from jobs.kit.http import BadRequestError
from jobs.kit.output.events import OutputEvent, OutputItem
from jobs.kit.output.wire import INVALID_POSITION, START, StreamPosition, WireFormat


class Playback:
    """Encodes a job's output from a position.

    `next_item` is the number of the next item to read; `seen` is the current position. Playback
    starts one item early, because the first piece depends on the previous event.
    """

    def __init__(self, wire: WireFormat, since: StreamPosition) -> None:
        self.headers = wire.headers
        self.heartbeat = wire.heartbeat
        self._wire = wire
        self._since = since
        self._last: OutputEvent | None = None
        self.seen = since
        self.next_item = max(1, since.item - 1)
        self.ended = False

    def play(self, items: Sequence[OutputItem]) -> Iterator[bytes]:
        """Encode the next items, up to the first gap.

        Raises `BadRequestError` if the start position does not exist.
        """
        for item in items:
            if item.number != self.next_item:
                return
            pieces = [piece for event in item.events for piece in self._to_pieces(event)]
            yield from self._unseen(item.number, pieces)
            self.next_item += 1
            self.ended = item.end

    def end_with_error(self, reason: str) -> Iterator[bytes]:
        """End the stream of a job whose output has no end. The last piece's position says so."""
        error = {"t": "error", "error": reason}
        finish = {"t": "finish", "reason": "error", "in": 0, "out": 0}
        pieces = [piece for event in (error, finish) for piece in self._to_pieces(event)]
        for piece in pieces[:-1]:
            yield self._wire.to_frame(piece, self.seen)
        for piece in pieces[-1:]:
            yield self._wire.to_frame(piece, self.seen._replace(at_end=True))

    @property
    def has_nothing_left(self) -> bool:
        """Whether the output has ended, and the client has received all of it."""
        return self.ended and self.seen == self._since != START

    def check(self) -> None:
        """Raise `BadRequestError` if the start position is after the end of the output."""
        if self._since != START and self.next_item <= self._since.item:
            raise BadRequestError(INVALID_POSITION)

    def _to_pieces(self, event: OutputEvent) -> Sequence[str]:
        pieces = self._wire.to_pieces(event, self._last)
        self._last = event
        return pieces

    def _unseen(self, number: int, pieces: Sequence[str]) -> Iterator[bytes]:
        if number < self._since.item:
            return
        skipped = self._since.pieces if number == self._since.item else 0
        if skipped > len(pieces):
            raise BadRequestError(INVALID_POSITION)
        for count, piece in enumerate(pieces[skipped:], start=skipped + 1):
            self.seen = StreamPosition(number, count)
            yield self._wire.to_frame(piece, self.seen)
