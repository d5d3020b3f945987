"""Queue jobs, and hold the messages that workers have received."""

from jobs.core.adapters.messages import to_text
from jobs.core.job import JobRef
from jobs.core.slots import Slot
from jobs.kit.sqlite.queue import Queue


class SqliteJobQueue:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def send(self, ref: JobRef, slot: Slot | None = None, *, delay_s: int = 0) -> None:
        self._queue.send(to_text(ref, slot), delay=delay_s * 1000, tenant=ref.tenant)


class SqliteDelivery:
    """One delivery of a message; `count` is the number of its deliveries so far."""

    def __init__(self, queue: Queue, receipt: str, count: int) -> None:
        self._queue = queue
        self._receipt = receipt
        self.count = count

    def hold(self, seconds: int) -> None:
        self._queue.hold(self._receipt, seconds * 1000)
