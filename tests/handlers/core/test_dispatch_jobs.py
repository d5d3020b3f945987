import json
from copy import deepcopy

import pytest

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.errors import RefusedError, UnavailableError
from scripts.wirings import CORES
from tests.fakes.memory import Outbox
from tests.support import NOON

ID = "019b7963-4a00-7000-8000-000000000001"


def job_id(n: int) -> str:
    return f"{ID[:-3]}{n:03d}"


def ref(n: int) -> JobRef:
    return JobRef(tenant="demo", kind="messaging", id=job_id(n))


@pytest.fixture
def batch(event):
    """Return one stream record per number, each of another job."""
    [record] = event("workers/dispatch_jobs")["Records"]

    def make(*numbers: int):
        records = []
        for n in numbers:
            other = json.loads(json.dumps(record).replace(ID, job_id(n)))
            other["dynamodb"]["SequenceNumber"] = str(n)
            records.append(other)
        return {"Records": records}

    return make


def test_new_job_gets_timer_and_message_with_ref_only(invoke, world) -> None:
    answer = invoke("workers/dispatch_jobs")

    assert answer == {"batchItemFailures": []}
    assert world.timers.deadlines == {ref(1): NOON + 30_000}
    assert world.queues.sent == [{"tenant": "demo", "dialect": "messaging", "jobId": ID}]


def test_throttled_start_retries_it_and_later_records(invoke, world, batch, log, rewire) -> None:
    class Throttled(Outbox):
        def time_out(self, ref: JobRef, *, at: int) -> None:
            if ref.id == job_id(2):
                raise UnavailableError("ThrottlingException")
            super().time_out(ref, at=at)

    rewire(*CORES, timers=Throttled())

    answer = invoke("workers/dispatch_jobs", batch(1, 2, 3))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert [sent["jobId"] for sent in world.queues.sent] == [job_id(1)]
    assert [line["job_id"] for line in log() if line["message"] == "dispatched"] == [job_id(1)]


def test_job_with_unsent_message_has_timer(invoke, world) -> None:
    def throttled(**_: object) -> None:
        raise UnavailableError("RequestThrottled")

    world.queues.send_message = throttled

    [failure] = invoke("workers/dispatch_jobs")["batchItemFailures"]

    assert failure == {"itemIdentifier": "400000000000000000000001"}
    assert ref(1) in world.timers.deadlines


def test_first_record_failing_retries_whole_batch(invoke, world, rewire, batch) -> None:
    rewire(*CORES, timers=None)

    answer = invoke("workers/dispatch_jobs", batch(1, 2))

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["1"]


def test_replayed_batch_starts_nothing_new(invoke, world, batch) -> None:
    for _ in range(2):
        invoke("workers/dispatch_jobs", batch(1))

    assert world.timers.deadlines == {ref(1): NOON + 30_000}


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "TIMED_OUT"])
def test_job_that_is_not_pending_is_ignored(invoke, world, batch, status) -> None:
    records = batch(1)
    records["Records"][0]["dynamodb"]["NewImage"]["status"]["S"] = status

    assert invoke("workers/dispatch_jobs", records) == {"batchItemFailures": []}
    assert world.queues.sent == []


def test_record_without_changed_status_is_ignored(invoke, world, batch) -> None:
    record = batch(1)["Records"][0]
    body, renewed, removed = (deepcopy(record) for _ in range(3))
    del body["dynamodb"]["NewImage"]["status"]
    renewed["dynamodb"]["OldImage"] = renewed["dynamodb"]["NewImage"]
    removed["dynamodb"]["OldImage"] = removed["dynamodb"].pop("NewImage")

    answer = invoke("workers/dispatch_jobs", {"Records": [body, renewed, removed]})

    assert answer == {"batchItemFailures": []}
    assert world.queues.sent == []


def test_records_and_logs_do_not_contain_content(invoke, world, log) -> None:
    invoke("workers/dispatch_jobs")

    assert "who are you" not in json.dumps([world.queues.sent, log()])


def test_start_refused_for_good_ends_job_and_dispatches_next(
    invoke, world, batch, stored, rewire
) -> None:
    class Refusing(Outbox):
        def time_out(self, ref: JobRef, *, at: int) -> None:
            if ref.id == job_id(2):
                raise RefusedError("AWS refused the request: InvalidName")
            super().time_out(ref, at=at)

    rewire(*CORES, timers=Refusing())
    refused = stored(id=job_id(2))

    assert invoke("workers/dispatch_jobs", batch(1, 2, 3)) == {"batchItemFailures": []}

    ended = world.repository.get(refused.ref)
    reason = "AWS refused the request: InvalidName"
    assert (ended.status, ended.error) == (JobStatus.FAILED, reason)
    assert [sent["jobId"] for sent in world.queues.sent] == [job_id(1), job_id(3)]
