"""Faults that a test can script for the facilitator, per operation (`verify`, `settle`).

Before it acts: `500`, `html` (502 with HTML), `drop` (close the connection), `refuse:REASON`,
`slow:SECONDS` (act after a delay, even if the caller has disconnected).
After it has acted: `lost` (close the connection), `late:SECONDS` (respond after a delay), `pending`
(respond that the outcome is unknown, as Coinbase's does).
`ok` is no fault.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

OK: Final = "ok"

type Script = Mapping[str, str | Sequence[str]]


class Fault(NamedTuple):
    name: str
    argument: str = ""

    @property
    def seconds(self) -> float:
        return float(self.argument)


class Faults:
    """A list applies to as many calls in order; a single fault applies until the next script."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lasting = dict[str, str]()
        self._next = dict[str, list[str]]()

    def script(self, script: Script) -> None:
        with self._lock:
            self._lasting = {op: each for op, each in script.items() if isinstance(each, str)}
            self._next = {op: [*each] for op, each in script.items() if not isinstance(each, str)}

    def take(self, operation: str) -> Fault:
        with self._lock:
            following = self._next.get(operation)
            text = following.pop(0) if following else self._lasting.get(operation, OK)
        name, _, argument = text.partition(":")
        return Fault(name, argument)
