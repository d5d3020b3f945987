"""Limit how many readings of one device a worker takes.

A device reports once a second, but its connection may publish a hundred messages. Readings above
the rate cost their worker no AWS call, so a device that floods delays no other.
https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
"""

from typing import Final

from jobs.kit.clock import Clock, Millis

MAX_BURST: Final = 10
INTERVAL_MS: Final[Millis] = 200
"""The time in which a device earns another reading."""
_MAX_DEVICES: Final = 10_000


class ReadingRates:
    """Token buckets in the memory of one worker. A worker that starts has full ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: dict[str, Millis] = {}

    def take(self, device: str) -> bool:
        """Take a token of the device. Return False if it has none left."""
        now = self._clock()
        full_at = max(self._full_at.get(device, now), now) + INTERVAL_MS
        if full_at > now + MAX_BURST * INTERVAL_MS:
            return False
        if len(self._full_at) >= _MAX_DEVICES:
            self._full_at.clear()
        self._full_at[device] = full_at
        return True
