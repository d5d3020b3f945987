"""A cache whose entries expire."""

from typing import Final

from jobs.kit.clock import Clock, Millis

DEFAULT_TTL_MS: Final[Millis] = 60_000


class Cache[V]:
    def __init__(self, clock: Clock, ttl: Millis = DEFAULT_TTL_MS) -> None:
        self._clock = clock
        self._ttl = ttl
        self._entries: dict[tuple[str, ...], tuple[Millis, V]] = {}

    def get(self, *key: str) -> V | None:
        """Return an entry's value until it expires."""
        entry = self._entries.get(key)
        return entry[1] if entry and self._clock() < entry[0] + self._ttl else None

    def put(self, *key: str, value: V) -> V:
        """Keep a value, and return it."""
        self._entries[key] = (self._clock(), value)
        return value
