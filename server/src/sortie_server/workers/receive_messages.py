"""Receive a queue's messages and process them in threads, as Lambda's event source does."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from typing import Any, Final

from jobs.core.errors import JobLeasedError
from jobs.kit.clock import Clock
from jobs.kit.lambda_handler import RetryLaterError, logger
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.queue import Message, Queue

MAX_WAIT_S: Final = 60.0
_MAX_BATCH: Final = 10


class ReceiveMessages:
    """`work` gets each message as SQS delivers it. It fails by raising: then it comes again."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        work: Callable[[Any], Any],
        clock: Clock,
        concurrency: int,
    ) -> None:
        self.name = queue.name
        self._signals = database.signals
        self._queue = queue
        self._work = work
        self._clock = clock
        self._free = BoundedSemaphore(concurrency)
        self._threads = ThreadPoolExecutor(concurrency, queue.name)
        self._busy = Counter[str]()  # messages under way, by tenant
        self._lock = Lock()

    def step(self) -> None:
        """Start to process the next messages, or wait for one. Waits for a free thread first."""
        self._free.acquire()
        taken = 1
        try:
            while taken < _MAX_BATCH and self._free.acquire(blocking=False):
                taken += 1
            seen = self._signals.number(self._queue.signal)
            messages = self._queue.receive(taken, busy=self._count_busy())
            for message in messages:
                self._add_busy(message.tenant, 1)
                self._threads.submit(self._process, message)
                taken -= 1
        finally:
            for _ in range(taken):
                self._free.release()
        if not messages:
            self._signals.wait(self._queue.signal, seen, self._pause())

    def stop(self) -> None:
        """Start no further message. What is under way ends, or comes again at the next start."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _pause(self) -> float:
        next_at = self._queue.next_at()
        if next_at is None:
            return MAX_WAIT_S
        return min(max(next_at - self._clock(), 0) / 1000, MAX_WAIT_S)

    def _process(self, message: Message) -> None:
        try:
            logger.thread_safe_clear_keys()
            self._work(to_record(message))
            self._queue.delete(message.receipt)
        except (RetryLaterError, JobLeasedError) as error:
            logger.debug("message deferred", extra={"reason": str(error)})
        except Exception:  # noqa: BLE001 - it is logged, and comes again
            logger.exception("message failed, it will be delivered again")
        finally:
            self._add_busy(message.tenant, -1)
            self._free.release()

    def _count_busy(self) -> Counter[str]:
        with self._lock:
            return self._busy.copy()

    def _add_busy(self, tenant: str, number: int) -> None:
        with self._lock:
            self._busy[tenant] += number
            if not self._busy[tenant]:
                del self._busy[tenant]


def to_record(message: Message) -> Mapping[str, Any]:
    """Return a message as Lambda gets it from SQS."""
    return {
        "messageId": str(message.id),
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receive_count),
            "SentTimestamp": str(message.sent_at),
        },
    }
