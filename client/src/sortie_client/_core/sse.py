"""A parser of server-sent events that takes chunks of any size."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LINE_END: Final = "\n"


@dataclass(frozen=True)
class ServerEvent:
    """`id`: the latest id that the stream has sent."""

    data: str
    id: str | None
    name: str = "message"


class EventParser:
    """Drops an incomplete event at the stream's end: the server sends it again on reconnection."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._buffer = ""
        self._data: list[str] = []
        self._id: str | None = None
        self._name = "message"

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that this chunk completes."""
        text = self._buffer + self._decoder.decode(chunk)
        *lines, self._buffer = text.split(_LINE_END)
        for line in lines:
            yield from self._parse(line.removesuffix("\r"))

    def _parse(self, line: str) -> Iterator[ServerEvent]:
        if not line:
            if self._data:
                yield ServerEvent("\n".join(self._data), self._id, self._name)
            self._data, self._name = [], "message"
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        elif name == "id":
            self._id = value
