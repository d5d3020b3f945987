from copy import deepcopy

import pytest

from jobs.core.adapters import messages
from jobs.core.status import JobStatus
from tests.support import NOON

DONE = {"batchItemFailures": []}


@pytest.mark.parametrize("about", [
    {}, {"status": JobStatus.RUNNING, "attempt": 4, "lease_until": NOON},
])  # fmt: skip
def test_dead_letter_fails_its_job(invoke, stored, world, log, about) -> None:
    job = stored(**about)

    answer = invoke("workers/end_dead_letters")

    ended = world.repository.get(job.ref)
    assert answer == DONE
    assert (ended.status, ended.error) == (JobStatus.FAILED, "Job could not be processed")
    [line] = log()
    assert (line["level"], line["job_id"], line["ended"]) == ("ERROR", job.id, True)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"])
def test_dead_letter_of_ended_job_changes_nothing(invoke, stored, world, log, status) -> None:
    job = stored(status=JobStatus(status), ended_at=NOON)

    assert invoke("workers/end_dead_letters") == DONE
    assert world.repository.get(job.ref) == job
    assert log()[0]["ended"] is False


def test_dead_letter_of_missing_job_is_consumed(invoke) -> None:
    assert invoke("workers/end_dead_letters") == DONE


def test_dead_letter_of_leased_job_is_retried(invoke, stored, world, event) -> None:
    job = stored(status=JobStatus.RUNNING, attempt=4, lease_until=NOON + 1)
    [record] = event("workers/end_dead_letters")["Records"]

    answer = invoke("workers/end_dead_letters")

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert world.repository.get(job.ref) == job


@pytest.fixture
def letters(event):
    """Two dead letters: the given one, and the event's."""

    def make(body: str):
        [record] = event("workers/end_dead_letters")["Records"]
        return {"Records": [deepcopy(record) | {"body": body}, record]}

    return make


@pytest.mark.parametrize("body", ["", "not json", "null", "{}", '["demo"]'])
def test_dead_letter_without_job_is_consumed(invoke, stored, world, letters, body) -> None:
    job = stored()

    assert invoke("workers/end_dead_letters", letters(body)) == DONE
    assert world.repository.get(job.ref).status is JobStatus.FAILED


def test_dead_letter_without_job_is_logged(invoke, letters, log) -> None:
    invoke("workers/end_dead_letters", letters("not json"))

    assert (log()[0]["level"], log()[0]["message"]) == ("ERROR", "dead letter has no job reference")


def test_dead_letter_releases_its_slot(invoke, stored, world, event) -> None:
    job = stored()
    slot = world.slots.take(job.ref, limit=1, until=NOON + 60_000)
    letter = event("workers/end_dead_letters")
    letter["Records"][0]["body"] = messages.to_text(job.ref, slot)

    assert invoke("workers/end_dead_letters", letter) == DONE

    assert world.slots.count(job.tenant, job.kind) == 0
