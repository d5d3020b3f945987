"""Queue jobs that wait for a slot, as soon as one is free."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from jobs.core.adapters.sqlite import slots
from jobs.core.limited_queue import LimitedQueue
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Outbox, Record

CONSUMER: Final = "follow_slots"
BATCH_SIZE: Final = 20
MAX_WAIT_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class FollowSlots:
    database: Database
    outbox: Outbox
    queues: Callable[[str], LimitedQueue]

    def step(self) -> None:
        """Follow the next releases of slots, or wait for one."""
        name = f"outbox:{slots.TOPIC}"
        seen = self.database.signals.number(name)
        records = self.outbox.read(CONSUMER, limit=BATCH_SIZE)
        if not records:
            self.database.signals.wait(name, seen, MAX_WAIT_S)
            return
        self.database.write(lambda db: self._follow_all(records), durable=False)

    def _follow_all(self, records: Sequence[Record]) -> None:
        for release in dict.fromkeys(map(slots.parse_release, records)):
            self.queues(release.kind).send_waiting(release)
        self.outbox.advance(CONSUMER, records[-1])
