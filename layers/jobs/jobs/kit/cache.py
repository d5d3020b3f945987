"""What has been read from the registry, for a minute."""

from typing import Final

from jobs.core.job import Millis
from jobs.core.ports import Clock

_FRESH: Final[Millis] = 60_000


class Kept[V]:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._read: dict[tuple[str, ...], tuple[Millis, V]] = {}

    def get(self, *key: str) -> V | None:
        read_at, value = self._read.get(key, (-_FRESH, None))
        return value if self._clock() < read_at + _FRESH else None

    def put(self, *key: str, value: V) -> V:
        self._read[key] = (self._clock(), value)
        return value
