"""Workers on a queue of webhooks, in simulated time.

Each worker is a thread, but only one runs at a time: until it sleeps. So a day passes in a second,
and each run is the same.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread
from typing import Any, Final

from jobs.core.job import JobRef
from jobs.kit.clock import Millis
from jobs.webhooks.adapters.sqlite import SqliteDeliveryLog, SqlitePlaces, SqliteReceivers
from jobs.webhooks.deliver_webhook import DeliverWebhook
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.signature import new_secret
from jobs.webhooks.webhook import (
    Attempt,
    DeliveryRef,
    DeliveryState,
    PlannedAttempt,
    WebhookDelivery,
)
from tests.databases import empty_database
from tests.support import NOON

CALL_MS: Final[Millis] = 20
"""What a message costs a worker that sends nothing."""
_POLL_MS: Final[Millis] = 20_000


class Over(BaseException):
    """Ends a thread that still sleeps when a simulation ends."""


class SimulatedTime:
    """A clock whose sleepers are threads."""

    def __init__(self) -> None:
        self._now: Millis = NOON
        self._sleepers = list[tuple[Millis, int, Event]]()
        self._order = count()
        self._asleep = Event()
        self._over = False

    def __call__(self) -> Millis:
        return self._now

    def advance(self, ms: Millis) -> None:
        self._now += ms

    def sleep(self, ms: Millis) -> None:
        alarm = Event()
        heapq.heappush(self._sleepers, (self._now + ms, next(self._order), alarm))
        self._asleep.set()
        alarm.wait()
        if self._over:
            raise Over

    def run(self, works: Sequence[Callable[[], None]], *, until: Callable[[], bool]) -> None:
        """Run each work as a thread until a condition holds. The works must sleep now and then."""
        for work in works:
            Thread(target=self._run, args=[work], daemon=True).start()
            self._wait()
        while not until():
            self._now, _, alarm = heapq.heappop(self._sleepers)
            alarm.set()
            self._wait()
        self._over = True
        for _, _, alarm in self._sleepers:
            alarm.set()

    def _run(self, work: Callable[[], None]) -> None:
        with suppress(Over):
            work()

    def _wait(self) -> None:
        self._asleep.wait()
        self._asleep.clear()


class SimulatedQueue:
    """SQS: delays of 15 minutes at most; in order of arrival, or fair to message groups.

    A fair queue first returns messages of a tenant that has few in flight.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, time: SimulatedTime, *, fair: bool) -> None:
        self._time = time
        self._fair = fair
        self._delayed = list[tuple[Millis, int, PlannedAttempt]]()
        self._visible: dict[str, list[tuple[int, PlannedAttempt]]] = {}
        self._order = count()
        self.in_flight = Counter[str]()
        self.max_in_flight = 0

    def send(self, planned: Sequence[PlannedAttempt]) -> None:
        for each in planned:
            delay = min(max(each.due - self._time(), 0), 900_000)
            heapq.heappush(self._delayed, (self._time() + delay, next(self._order), each))

    def receive(self) -> PlannedAttempt | None:
        while self._delayed and self._delayed[0][0] <= self._time():
            _, order, planned = heapq.heappop(self._delayed)
            heapq.heappush(self._visible.setdefault(planned.ref.tenant, []), (order, planned))
        waiting = [tenant for tenant, messages in self._visible.items() if messages]
        if not waiting:
            return None
        tenant = min(waiting, key=lambda each: (self._rank(each), self._visible[each][0][0]))
        _, planned = heapq.heappop(self._visible[tenant])
        self.in_flight[tenant] += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight.total())
        return planned

    def idle_ms(self) -> Millis:
        """Return the time until the next message, as far as it is known."""
        following = self._delayed[0][0] if self._delayed else self._time() + _POLL_MS
        return min(max(following - self._time(), 100), _POLL_MS)

    def delete(self, planned: PlannedAttempt) -> None:
        self.in_flight[planned.ref.tenant] -= 1

    def _rank(self, tenant: str) -> int:
        return self.in_flight[tenant] if self._fair else 0


@dataclass
class Simulation:
    """`response_ms`: each receiver's response time. After ten seconds, the sender gives up."""

    response_ms: Mapping[str, Millis]
    fair: bool
    workers: int = 20
    places: int = 15
    requests: Counter[str] = field(default_factory=Counter)
    delivered: dict[str, list[Millis]] = field(default_factory=dict)
    dead: list[PlannedAttempt] = field(default_factory=list)

    def __post_init__(self) -> None:
        random.seed(1)
        self.time = SimulatedTime()
        self.queue = SimulatedQueue(self.time, fair=self.fair)
        self.log = SqliteDeliveryLog(empty_database(), self.time)
        self.secret = new_secret()
        self.deliver = DeliverWebhook(
            log=self.log,
            queue=self.queue,
            dead_letters=self,
            receivers=SqliteReceivers(empty_database(), self.time),
            places=SqlitePlaces(empty_database(), self.time, limit=self.places),
            secrets=self,
            sender=self,
            metrics=self,
            clock=self.time,
        )

    def plan(self, tenant: str, number: int) -> None:
        """Plan one delivery for each of so many jobs."""
        for n in range(number):
            ref = DeliveryRef(tenant=tenant, job_id=f"{tenant}-{n}", id=f"{tenant}-{n}")
            self.log.plan(
                WebhookDelivery(
                    id=ref.id,
                    ref=JobRef(tenant=tenant, kind="messaging", id=ref.job_id),
                    sequence=1,
                    event="completed",
                    url=f"https://{tenant}.example.com/hooks?job={n}",
                    body="{}",
                    planned_at=self.time(),
                )
            )
            self.queue.send([PlannedAttempt(ref=ref)])

    def run(self, *, until: Callable[[], bool]) -> None:
        self.time.run([self.work] * self.workers, until=until)

    def work(self) -> None:
        while True:
            planned = self.queue.receive()
            if planned is None:
                self.time.sleep(self.queue.idle_ms())
                continue
            self.time.sleep(CALL_MS)
            self.deliver(planned)
            self.queue.delete(planned)

    # ── The ports ──

    def add(self, planned: PlannedAttempt) -> None:
        self.dead.append(planned)

    def live(self, tenant: str) -> Sequence[str]:
        return [self.secret]

    def send(self, url: str, headers: Any, body: bytes) -> int:
        tenant = url.removeprefix("https://").partition(".")[0]
        self.requests[tenant] += 1
        self.time.sleep(min(self.response_ms[tenant], 10_000))
        if self.response_ms[tenant] > 10_000:
            raise NotDeliveredError("timeout")
        self.delivered.setdefault(tenant, []).append(self.time() - NOON)
        return 204

    def count_attempt(self, attempt: Attempt, state: DeliveryState) -> None:
        """Count nothing."""
