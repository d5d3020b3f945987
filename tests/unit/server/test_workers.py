"""The server's workers: what fails comes again, or is left out, and delays nothing else."""

import asyncio
from threading import Event
from types import SimpleNamespace

import pytest

from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.adapters.sqlite.stream import TOPIC
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Outbox
from jobs.kit.sqlite.queue import Policy, Queue
from jobs.kit.sqlite.timers import Timer, TimerTable
from jobs.messaging.adapters.storage import MessageStorage
from jobs.payments.adapters.sqlite_timers import WATCH, SqlitePaymentChecks
from jobs.payments.adapters.timers import parse_check
from jobs.payments.wiring import wiring as payments
from sortie_server.event_log import RETENTION_MS, EventLog
from sortie_server.http.own_routes import EventsEndpoint
from sortie_server.http.threads import Threads
from sortie_server.workers.crew import check_payment
from sortie_server.workers.follow_jobs import CONSUMER, FollowJobs
from sortie_server.workers.receive_messages import ReceiveMessages
from sortie_server.workers.run_timers import RETRY_MS, RunTimers
from sortie_server.workers.worker import Worker
from tests.support import FrozenClock


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def database():
    made = Database()
    yield made
    made.close()


class Followed:
    """Follows changes of jobs, and fails for the ids in `errors`."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        storages = lambda kind: MessageStorage()  # noqa: E731 - as in wirings
        self.repository = SqliteJobRepository(database, clock, storages)
        self.outbox = Outbox(database)
        self.outbox.subscribe({CONSUMER: TOPIC})
        self.dead = Queue(database, "dead", clock)
        self.errors: dict[str, Exception] = {}
        self.followed: list[str] = []
        self.ended: list[str] = []
        self.work = FollowJobs(
            database=database,
            outbox=self.outbox,
            storages=storages,
            kinds=lambda name: SimpleNamespace(follow=self.follow),
            publish=lambda changes: None,
            plan_webhooks=lambda changes: None,
            end=lambda ref, failure: self.ended.append(ref.id),
            dead_letters=self.dead,
        )

    def follow(self, job) -> None:
        if error := self.errors.get(job.id):
            raise error
        self.followed.append(job.id)

    def left(self) -> int:
        return len(self.outbox.read(CONSUMER, limit=99))


@pytest.fixture
def jobs(database, clock, a_job):
    made = Followed(database, clock)
    made.ids = []
    for n in range(3):
        job = a_job(id=f"019b7963-4a00-7000-8000-00000000000{n}")
        made.repository.add(job)
        made.ids.append(job.id)
    return made


def test_change_that_always_fails_becomes_a_dead_letter(jobs) -> None:
    first, bad, last = jobs.ids
    jobs.errors[bad] = ZeroDivisionError()

    jobs.work.step()

    assert jobs.followed[-2:] == [first, last]
    assert (len(jobs.dead), jobs.left()) == (1, 0)


def test_change_during_an_outage_waits(jobs) -> None:
    jobs.errors[jobs.ids[0]] = UnavailableError("the disk is full")

    with pytest.raises(UnavailableError):
        jobs.work.step()

    assert (len(jobs.dead), jobs.left()) == (0, 3)
    jobs.errors.clear()
    jobs.work.step()
    assert jobs.left() == 0


def test_job_whose_next_step_is_refused_ends(jobs) -> None:
    jobs.errors[jobs.ids[1]] = RefusedError("too large")

    jobs.work.step()

    assert jobs.ended == [jobs.ids[1]]
    assert jobs.left() == 0


def test_failed_message_comes_again_and_then_is_dead(database, clock) -> None:
    done = Event()

    def fail(record) -> None:
        done.set()
        raise ZeroDivisionError

    policy = Policy(visibility=1000, max_receives=1, dead_letters="dead")
    queue = Queue(database, "work", clock, policy)
    queue.send("one")
    receiver = ReceiveMessages(database, queue, fail, clock, concurrency=2)

    receiver.step()

    assert done.wait(5)
    assert len(queue) == 1
    clock.advance(1000)
    assert queue.receive() == []
    assert len(Queue(database, "dead", clock)) == 1
    receiver.stop()


def test_message_that_was_processed_is_deleted(database, clock) -> None:
    records: list[object] = []
    queue = Queue(database, "work", clock)
    queue.send("one")
    receiver = ReceiveMessages(database, queue, records.append, clock, concurrency=1)

    receiver.step()
    receiver._threads.shutdown(wait=True)  # noqa: SLF001 - waits for the message

    assert len(queue) == 0
    [record] = records
    assert record["body"] == "one"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_receiver_takes_the_tenant_that_has_none_under_way_first(database, clock) -> None:
    queue = Queue(database, "work", clock)
    for tenant in ("noisy", "noisy", "noisy", "quiet"):
        queue.send(tenant, tenant=tenant)
    begun: list[str] = []
    goes_on, two_begun = Event(), Event()

    def work(record) -> None:
        begun.append(record["body"])
        if len(begun) == 2:
            two_begun.set()
        goes_on.wait(5)

    receiver = ReceiveMessages(database, queue, work, clock, concurrency=2)

    receiver.step()

    assert two_begun.wait(5)
    goes_on.set()
    receiver.stop()
    assert begun[:2] == ["noisy", "quiet"]


def test_timer_of_an_open_payment_queues_its_check(database, clock, rewire) -> None:
    queue = Queue(database, "checks", clock)
    rewire(payments, checks=SqlitePaymentChecks(queue, clock))
    timer = Timer(name=WATCH, key="auth#1", at=clock(), body="acme")

    again = check_payment(timer, clock=clock)

    assert again is None
    [message] = queue.receive()
    assert (message.tenant, parse_check(message.body).payment_id) == ("acme", "auth#1")


def test_timer_rings_once_again_later_or_after_a_failure(database, clock) -> None:
    table = TimerTable(database)
    for name in ("once", "again", "fails"):
        table.start(Timer(name=name, key="k", at=clock(), body=""))
    rings = {
        "once": lambda timer: None,
        "again": lambda timer: clock() + 500,
        "fails": lambda timer: 1 // 0,
    }

    RunTimers(database=database, timers=table, rings=rings, clock=clock).step()

    due = table.due(2**60, limit=9)
    assert {each.name: each.at - clock() for each in due} == {"again": 500, "fails": RETRY_MS}


def test_worker_goes_on_after_a_failure() -> None:
    steps = iter([UnavailableError("full"), ZeroDivisionError(), None])
    done = Event()

    def step() -> None:
        if error := next(steps):
            raise error
        worker.stop()
        done.set()

    worker = Worker("test", step)
    worker.start()

    assert done.wait(5)


def test_event_log_reads_own_events_after_a_position(database, clock) -> None:
    log = EventLog(database, clock)
    for tenant in ("a", "b", "a"):
        log.add(tenant, "Changed", {"tenant": tenant})

    assert [each.seq for each in log.read("a", after=0, limit=9)] == [1, 3]
    assert [each.seq for each in log.read("a", after=1, limit=9)] == [3]
    assert log.newest() == 3
    database.sweep(clock() + RETENTION_MS)
    assert log.read("a", after=0, limit=9) == []


def test_stream_of_events_ends_when_the_server_stops(database, clock) -> None:
    stopping, threads = Event(), Threads()
    endpoint = EventsEndpoint(EventLog(database, clock), None, threads, stopping)

    async def read_all() -> list[str]:
        stream = endpoint._stream("acme", 0)  # noqa: SLF001
        pieces = [await anext(stream)]
        asyncio.get_running_loop().call_later(0.1, stop)
        return [*pieces, *[each async for each in stream]]

    def stop() -> None:
        stopping.set()
        database.signals.wake_listeners()

    assert asyncio.run(read_all()) == [": connected\n\n"]  # and no heartbeat
    threads.stop()
