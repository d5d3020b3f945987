"""Server-sent events, read from pieces that begin and end anywhere."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LINE_END: Final = "\n"


@dataclass(frozen=True)
class ServerEvent:
    """`id` is that of the latest event that has one."""

    data: str
    id: str | None


class EventReader:
    """An event that its stream breaks off is none: whoever reads on is sent it again."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = ""
        self._data: list[str] = []
        self._id: str | None = None

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """Give the events that this piece completes."""
        text = self._begun + self._decoder.decode(piece)
        *lines, self._begun = text.split(_LINE_END)
        for line in lines:
            yield from self._read(line.removesuffix("\r"))

    def _read(self, line: str) -> Iterator[ServerEvent]:
        if not line:
            if self._data:
                yield ServerEvent("\n".join(self._data), self._id)
            self._data = []
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value
