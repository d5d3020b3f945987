"""A parser of server-sent events, for chunks of any size.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """`is_whole`: an empty line has ended the event, not the end of the stream."""

    data: str
    name: str = ""
    is_whole: bool = True


class EventReader:
    def __init__(self) -> None:
        utf8 = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._decoder = io.IncrementalNewlineDecoder(utf8, translate=True)  # all three line ends
        self._line = ""
        self._data: list[str] = []
        self._name = ""
        self.is_unused = True
        """No line so far is one of an event stream, comments included."""

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that this chunk completes."""
        first, *others = self._decoder.decode(chunk).split("\n")
        self._line += first
        for line in others:
            yield from self._parse(self._line)
            self._line = line

    def end(self) -> Iterator[ServerEvent]:
        """Yield the event that no empty line has ended. Browsers drop it; a model's may count."""
        *lines, last = (self._line + self._decoder.decode(b"", final=True)).split("\n")
        for line in [*lines, last] if last else lines:
            yield from self._parse(line)
        if self._data:
            yield ServerEvent("\n".join(self._data), self._name, is_whole=False)

    def _parse(self, line: str) -> Iterator[ServerEvent]:
        if not line:
            if self._data:
                yield ServerEvent("\n".join(self._data), self._name)
            self._data, self._name = [], ""
            return
        field, _, value = line.partition(":")
        if field in {"data", "event", "id", "retry", ""}:
            self.is_unused = False
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
