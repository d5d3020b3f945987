"""A tenant's messages take slots, others wait, and none is lost: also if processes die."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.errors import JobNotFoundError
from jobs.core.ids import new_job_id
from jobs.core.job import JobRef
from jobs.core.limited_queue import LimitedQueue
from jobs.core.slots import Release, Slot
from jobs.core.tenant_limits import TenantLimits
from jobs.kit.clock import Millis
from tests.databases import empty_database
from tests.fakes.memory_slots import InMemorySlots
from tests.support import HOUR, FrozenClock

TENANTS: Final = ("acme", "rival")
MINUTE = 60_000
ANY_RELEASE: Final = Release(tenant="acme", kind="messaging", latest="")


class DiedError(BaseException):
    """The process died before a call, or after it."""


class Mortal:
    """Lets the process die at its n-th call: before odd ones, after even ones."""

    def __init__(self) -> None:
        self.dies_at = 0

    def wrap(self, inside: Any) -> Any:
        mortal = self

        class Wrapped:
            def __getattr__(self, name: str) -> Callable[..., Any]:
                call: Callable[..., Any] = getattr(inside, name)
                return lambda *args, **options: mortal.call(lambda: call(*args, **options))

        return Wrapped()

    def call(self, inside: Callable[[], Any]) -> Any:
        self.dies_at -= 1
        if self.dies_at == 0:
            raise DiedError
        result = inside()
        self.dies_at -= 1
        if self.dies_at == 0:
            raise DiedError
        return result


class World:
    """`messages` are in the queue or with a worker, `delays` those of all that were sent."""

    def __init__(self, limit: int = 2, *, group_size: int = 1000) -> None:
        self.clock = FrozenClock()
        self.slots = InMemorySlots(self.clock, group_size)
        self.tenant_limits = SqliteTenantLimits(empty_database())
        self.messages: list[tuple[JobRef, Slot]] = []
        self.delays: list[int] = []
        self.deadlines: dict[JobRef, Millis] = {}
        self.mortal = Mortal()
        self.limited = LimitedQueue(
            slots=self.mortal.wrap(self.slots),
            queue=self.mortal.wrap(self),
            repository=self,  # type: ignore[arg-type]
            tenant_limits=self.tenant_limits,
            limit=limit,
            max_age=HOUR,
        )

    def send(self, ref: JobRef, slot: Slot, *, delay_s: int = 0) -> None:
        self.messages.append((ref, slot))
        self.delays.append(delay_s)

    def deadline_of(self, ref: JobRef) -> Millis:
        if ref not in self.deadlines:
            raise JobNotFoundError(ref.id)
        return self.deadlines[ref]

    def create(self, tenant: str = "acme", timeout: Millis = MINUTE) -> JobRef:
        self.clock.advance(1)
        ref = JobRef(tenant=tenant, kind="messaging", id=new_job_id(self.clock()))
        self.deadlines[ref] = self.clock() + timeout
        return ref

    def finish(self, number: int = 0) -> JobRef:
        """A worker finishes with a message."""
        ref, slot = self.messages.pop(number)
        self.slots.release(ref, slot)
        return ref

    def follow(self) -> None:
        """Read the stream."""
        while self.slots.releases:
            self.limited.send_waiting(self.slots.releases.pop(0))

    @property
    def queued(self) -> list[JobRef]:
        return [ref for ref, _ in self.messages]


@pytest.fixture
def world() -> World:
    return World()


def test_jobs_beyond_the_limit_wait_for_a_release(world) -> None:
    refs = [world.create() for _ in range(5)]
    for ref in refs:
        world.limited.send(ref)
    assert world.queued == refs[:2]

    world.finish()
    world.follow()

    assert world.queued == refs[1:3]


def test_waiting_jobs_are_queued_in_order_of_creation(world) -> None:
    refs = [world.create() for _ in range(6)]
    for ref in (*refs[:2], *reversed(refs[2:])):
        world.limited.send(ref)

    done = []
    while world.messages:
        done.append(world.finish())
        world.follow()

    assert done == refs


def test_job_whose_sender_died_is_queued_though_an_older_one_waits() -> None:
    world = World(1)
    first, older, younger = world.create(), world.create(), world.create()
    for ref in (first, younger):
        world.limited.send(ref)
    world.finish()
    world.mortal.dies_at = 4  # with a slot, before the message
    with pytest.raises(DiedError):
        world.limited.send_waiting(world.slots.releases[0])
    world.mortal.dies_at = 0
    world.limited.send(older)

    world.follow()

    assert world.queued == [younger]
    world.finish()
    world.follow()
    assert world.queued == [older]


def test_another_tenant_does_not_wait(world) -> None:
    for _ in range(100):
        world.limited.send(world.create())
    other = world.create("rival")

    world.limited.send(other)

    assert other in world.queued
    assert len(world.messages) == 3


def test_own_limit_of_tenant_replaces_parameter(world) -> None:
    world.tenant_limits.put_limits("acme", TenantLimits(agent_concurrency=3))

    for _ in range(5):
        world.limited.send(world.create())

    assert len(world.messages) == 3


def test_overdue_job_is_not_queued(world) -> None:
    refs = [world.create(timeout=timeout) for timeout in (MINUTE, MINUTE, 1000, MINUTE)]
    for ref in refs:
        world.limited.send(ref)
    world.clock.advance(2000)

    world.finish()
    world.follow()

    assert world.queued == [refs[1], refs[3]]


def test_deleted_job_does_not_wait(world) -> None:
    for _ in range(2):
        world.limited.send(world.create())
    gone = world.create()
    del world.deadlines[gone]

    world.limited.send(gone)

    world.finish()
    assert world.slots.releases == []


def test_slot_released_just_before_a_job_waits_is_taken(world, monkeypatch) -> None:
    for _ in range(2):
        world.limited.send(world.create())
    last, deadline_of = world.create(), world.deadline_of
    monkeypatch.setattr(world, "deadline_of", lambda ref: (world.finish(), deadline_of(ref))[1])

    world.limited.send(last)

    assert last in world.queued
    assert world.slots.oldest(ANY_RELEASE, max_age=HOUR) is None


def test_new_job_sent_early_gets_a_second_message_later_with_its_slot(world) -> None:
    ref = world.create()

    world.limited.send_early(ref)
    world.limited.send_new(ref)

    [(_, slot), (_, second)] = world.messages
    assert slot == second
    assert world.delays == [0, 5]


def test_new_job_not_sent_early_is_sent_at_once(world) -> None:
    world.limited.send_new(world.create())

    assert world.delays == [0]


def test_job_sent_by_the_stream_is_not_sent_early(world) -> None:
    ref = world.create()

    world.limited.send_new(ref)
    world.limited.send_early(ref)

    assert world.queued == [ref]


def test_job_without_a_free_slot_is_not_sent_early_and_does_not_wait(world) -> None:
    for _ in range(2):
        world.limited.send(world.create())

    world.limited.send_early(world.create())

    assert len(world.messages) == 2
    assert world.slots.oldest(ANY_RELEASE, max_age=HOUR) is None


def test_waiting_job_moves_once_its_group_is_gone() -> None:
    world = World(4, group_size=2)

    def create_in(group: int) -> JobRef:
        while world.slots.group_of(ref := world.create(), limit=4) != group:
            pass
        return ref

    refs = [create_in(group) for group in (0, 0, 1, 1, 1)]
    for ref in refs:
        world.limited.send(ref)
    world.tenant_limits.put_limits("acme", TenantLimits(agent_concurrency=2))
    for _ in range(2):  # both of the second group, while the first is full
        world.finish(2)
        world.follow()
    assert world.queued == refs[:2]

    world.finish()
    world.follow()

    assert world.queued == [refs[1], refs[4]]


class Workers(RuleBasedStateMachine):
    """Dispatchers and workers that may die at each call. Stream and queue repeat their work."""

    mortal = True

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[JobRef | Release] = []
        self.done: set[JobRef] = set()

    @initialize(limit=st.integers(1, 3))
    def begin(self, limit: int) -> None:
        self.limit = limit
        self.world = World(limit)

    @rule(tenant=st.sampled_from(TENANTS), dies_at=st.integers(0, 5))
    def create(self, tenant: str, dies_at: int) -> None:
        """Store a job and send it early. If the process dies, the stream has it all the same."""
        ref = self.world.create(tenant, timeout=HOUR)
        self.stream.append(ref)
        self.world.mortal.dies_at = dies_at if self.mortal else 0
        with suppress(DiedError):
            self.world.limited.send_early(ref)
        self.world.mortal.dies_at = 0

    @rule(which=st.integers(0, 5), dies_at=st.integers(0, 12))
    def dispatch(self, which: int, dies_at: int) -> None:
        """Process a record of any tenant. One that fails stays in the stream."""
        if not self.stream:
            return
        record = self.stream[which % len(self.stream)]
        self.world.mortal.dies_at = dies_at if self.mortal else 0
        try:
            if isinstance(record, JobRef):
                self.world.limited.send_new(record)
            else:
                self.world.limited.send_waiting(record)
        except DiedError:
            return
        finally:
            self.world.mortal.dies_at = 0
            self._read_releases()
        self.stream.remove(record)

    @rule(which=st.integers(0, 5), dies=st.booleans())
    def work(self, which: int, *, dies: bool) -> None:
        """Finish a message. One whose worker dies after the release comes again."""
        if not self.world.messages:
            return
        ref, slot = self.world.messages[which % len(self.world.messages)]
        self.done.add(ref)
        self.world.slots.release(ref, slot)
        if not dies:
            self.world.messages.remove((ref, slot))
        self._read_releases()

    @invariant()
    def never_exceeds_the_limit(self) -> None:
        if not hasattr(self, "world"):
            return
        open_jobs = {ref for ref, _ in self.world.messages if ref not in self.done}
        assert max(Counter(ref.tenant for ref in open_jobs).values(), default=0) <= self.limit

    def teardown(self) -> None:
        """Once nothing dies any more, every job gets its turn."""
        if not hasattr(self, "world"):
            return
        for _ in range(200):
            while self.stream:
                self.dispatch(0, 0)
            if not self.world.messages:
                break
            self.work(0, dies=False)
        assert self.done == {*self.world.deadlines}
        assert [self.world.slots.count(tenant, "messaging") for tenant in TENANTS] == [0, 0]

    def _read_releases(self) -> None:
        self.stream += self.world.slots.releases
        self.world.slots.releases.clear()


class GroupedWorkers(Workers):
    """The slots are in groups."""

    @initialize(limit=st.integers(1, 8))
    def begin(self, limit: int) -> None:
        self.limit = limit
        self.world = World(limit, group_size=2)


class ChangingGroups(GroupedWorkers):
    """The number of groups changes with the tenant's own limit.

    Only a slot that was taken before the change and whose taker died remains taken, until it
    expires. So no process dies here.
    """

    mortal = False

    @rule(limit=st.integers(1, 8))
    def change_limit(self, limit: int) -> None:
        """Change a tenant's own limit. Until earlier jobs are done, it may be exceeded."""
        self.world.tenant_limits.put_limits("acme", TenantLimits(agent_concurrency=limit))
        self.limit += limit


TestWorkers = Workers.TestCase
TestGroupedWorkers = GroupedWorkers.TestCase
TestChangingGroups = ChangingGroups.TestCase
