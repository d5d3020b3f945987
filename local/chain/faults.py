"""What a test may have the facilitator do, by operation (`verify`, `settle`), once or for good.

Before it acts: `500`, `html`, `drop` (the connection), `refuse:REASON`, `slow:SECONDS`, which acts
after that time, whether anybody still waits or not. Once it has acted: `lost` (the connection is
dropped), `late:SECONDS`, `pending` (says that it cannot tell yet, as Coinbase's does). And `ok`.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

OK: Final = "ok"

type Script = Mapping[str, str | Sequence[str]]


class Fault(NamedTuple):
    name: str
    about: str = ""

    @property
    def seconds(self) -> float:
        return float(self.about)


class Faults:
    """A list holds for so many calls, in their order; a single one until it is told otherwise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lasting = dict[str, str]()
        self._next = dict[str, list[str]]()

    def script(self, wanted: Script) -> None:
        with self._lock:
            self._lasting = {op: each for op, each in wanted.items() if isinstance(each, str)}
            self._next = {op: [*each] for op, each in wanted.items() if not isinstance(each, str)}

    def take(self, operation: str) -> Fault:
        with self._lock:
            following = self._next.get(operation)
            said = following.pop(0) if following else self._lasting.get(operation, OK)
        name, _, about = said.partition(":")
        return Fault(name, about)
