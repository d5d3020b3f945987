"""Claims of workers."""

import pytest

from jobs.agent_workers.claim_jobs import IDLE_AFTER, MAX_POLLS, PAUSE_S
from jobs.agent_workers.lease import FIRST_LEASE
from jobs.core.ids import new_job_id
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from tests.support import NOON
from tests.unit.agent_workers.conftest import TENANT
from tests.unit.support import failing_with

OTHER_AGENT = "66666666-6666-4666-8666-666666666666"


def test_claim_takes_the_job_for_the_first_lease(place, queued) -> None:
    queued()

    [claimed] = place.claim().jobs

    assert (claimed.job.status, claimed.job.attempt) == (JobStatus.RUNNING, 1)
    assert claimed.job.lease_until == NOON + FIRST_LEASE
    assert place.repository.get(claimed.job.ref) == claimed.job
    assert place.claim_ids() == []


def test_claim_takes_no_more_jobs_than_wanted(place, queued) -> None:
    jobs = {queued().id for _ in range(5)}

    first, second = place.claim_ids(max_jobs=3), place.claim_ids(max_jobs=3)

    assert (len(first), len(second)) == (3, 2)
    assert {*first, *second} == jobs


def test_claim_takes_jobs_of_all_its_agents_and_no_others(place, queued) -> None:
    mine, other, _ = queued(), queued(OTHER_AGENT), queued("77777777-7777-4777-8777-777777777777")
    queued(tenant="rival")

    found = place.claim_ids(agents=[mine.request["agentId"], OTHER_AGENT], max_jobs=10)

    assert {*found} == {mine.id, other.id}


def test_job_of_a_dead_worker_is_claimed_when_its_lease_ends(place, queued, clock) -> None:
    job = queued()
    place.claim()

    clock.advance(FIRST_LEASE - 1)
    assert place.claim_ids() == []
    clock.advance(1)
    [again] = place.claim().jobs

    assert (again.job.id, again.job.attempt) == (job.id, 2)


def test_claim_after_the_last_attempt_fails_the_job(place, queued, clock) -> None:
    job = queued(max_attempts=2)
    for _ in range(2):
        assert place.claim_ids() == [job.id]
        clock.advance(FIRST_LEASE)

    assert place.claim_ids() == []

    ended = place.repository.get(job.ref)
    assert (ended.status, ended.error) == (
        JobStatus.FAILED, "The agent's workers gave up on it",
    )  # fmt: skip


def test_loser_of_a_race_takes_the_next_job(place, queued, monkeypatch) -> None:
    jobs = {queued().id for _ in range(2)}
    save = place.repository.save
    lost: list[str] = []

    def lose_first(job, *, replacing):
        if not lost:
            lost.append(job.id)
            save(job, replacing=replacing)  # as another worker
        save(job, replacing=replacing)

    monkeypatch.setattr(place.repository, "save", lose_first)

    assert {*place.claim_ids()} == jobs - {*lost}


@pytest.mark.parametrize("change", ["ended", "deleted", "claimed"])
def test_stale_index_entry_is_left_alone(place, queued, monkeypatch, change) -> None:
    job = queued()
    found = place.claimable.find(TENANT, job.request["agentId"], limit=1)
    match change:
        case "ended":
            place.repository.save(job.cancel(now=NOON), replacing=job)
        case "deleted":
            place.repository.delete(job)
        case _:
            place.claim()
    monkeypatch.setattr(type(place.claimable), "find", lambda *_, **__: found)

    assert place.claim_ids() == []


def test_job_past_its_deadline_is_not_claimed(place, queued, clock) -> None:
    queued(deadline=NOON + 1000)
    clock.advance(1000)

    assert place.claim_ids() == []


def test_waiting_claim_gets_a_job_that_comes_meanwhile(place, queued) -> None:
    queued()
    place.claim()
    place.meanwhile = lambda: len(place.naps) == 3 and queued()

    assert len(place.claim_ids(wait_s=20)) == 1
    assert place.naps == pytest.approx([0.2, 0.26, 0.338])
    assert place.slots.count(TENANT, "worker-polls") == 0


def test_claim_waits_no_longer_than_asked(place, queued, clock) -> None:
    queued()
    place.claim()

    assert not place.claim(wait_s=5).jobs

    assert 4_000 < clock() - NOON <= 5_000
    assert max(place.naps) == 1.0


def test_claim_of_idle_tenant_does_not_wait_and_pauses_the_worker(place, queued, clock) -> None:
    queued(deadline=NOON + 1000)
    clock.advance(IDLE_AFTER + 1)

    claimed = place.claim(wait_s=20)

    assert (claimed.jobs, claimed.pause_s, place.naps) == ((), PAUSE_S, [])


def test_claims_over_the_limit_of_polls_do_not_wait(place, queued, clock) -> None:
    queued()
    place.claim()
    for _ in range(MAX_POLLS):
        ref = JobRef(tenant=TENANT, kind="worker-polls", id=new_job_id(clock()))
        assert place.slots.take(ref, limit=MAX_POLLS, until=NOON + 1000)

    refused = place.claim(wait_s=20)

    assert (refused.jobs, refused.pause_s, place.naps) == ((), PAUSE_S, [])
    clock.advance(1001)  # slots of claims whose process has died end by themselves
    assert place.claim(wait_s=1).pause_s == 0
    assert place.naps


def test_unavailable_index_is_told(place, monkeypatch) -> None:
    monkeypatch.setattr(
        type(place.claimable), "find", failing_with(UnavailableError(), inside=lambda *_: [])
    )

    with pytest.raises(UnavailableError):
        place.claim()


def test_jobs_claimed_before_a_failure_are_kept(place, queued, monkeypatch) -> None:
    job = queued()
    find = type(place.claimable).find
    monkeypatch.setattr(
        type(place.claimable), "find", failing_with(None, UnavailableError(), inside=find)
    )

    assert place.claim_ids(agents=[job.request["agentId"], OTHER_AGENT], max_jobs=2) == [job.id]
