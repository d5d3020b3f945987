import json
from copy import deepcopy

import pytest

from jobs.core.ids import created_at
from jobs.core.job import JobRef
from jobs.core.slots import Slot
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


def test_new_job_gets_timer_and_message_with_ref_and_slot(invoke, world) -> None:
    answer = invoke("workers/dispatch_jobs")

    assert answer == {"batchItemFailures": []}
    assert world.timers.deadlines == {ref(1): NOON + 30_000}
    slot = world.slots.find(ref(1))
    assert world.queues.sent == [
        {"tenant": "demo", "dialect": "messaging", "jobId": ID, "slot": slot}
    ]


def test_release_of_slot_sends_oldest_waiting_job(invoke, stored, world, batch) -> None:
    world.clock.now = created_at(ID)
    for n in (1, 2, 3, 4):
        stored(id=job_id(n))
    for n in (4, 3, 2, 1):
        invoke("workers/dispatch_jobs", batch(n))
    first, *_ = world.queues.sent
    assert [sent["jobId"] for sent in world.queues.sent] == [job_id(4), job_id(3)]
    world.slots.release(ref(4), Slot(*first["slot"]))
    before = {"PK": {"S": "demo#messaging#slots"}, "SK": {"S": "slots"}, "latest": {"S": job_id(1)}}
    record = {"OldImage": before | {"s0": {"N": "5"}}, "NewImage": before}

    answer = invoke("workers/dispatch_jobs", {"Records": [{"dynamodb": record}]})

    assert answer == {"batchItemFailures": []}
    assert [sent["jobId"] for sent in world.queues.sent[2:]] == [job_id(1)]


def test_throttled_start_retries_it_and_delays_no_other_job(
    invoke, world, batch, log, rewire
) -> None:
    class Throttled(Outbox):
        def time_out(self, ref: JobRef, *, at: int) -> None:
            if ref.id == job_id(2):
                raise UnavailableError("ThrottlingException")
            super().time_out(ref, at=at)

    rewire(*CORES, timers=Throttled())

    answer = invoke("workers/dispatch_jobs", batch(1, 2, 3))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    others = {job_id(1), job_id(3)}
    assert {sent["jobId"] for sent in world.queues.sent} == others
    assert {line["job_id"] for line in log() if line["message"] == "dispatched"} == others


def test_changes_of_one_job_are_followed_in_order(invoke, world, batch, rewire) -> None:
    class Throttled(Outbox):
        def time_out(self, ref: JobRef, *, at: int) -> None:
            raise UnavailableError("ThrottlingException")

    rewire(*CORES, timers=Throttled())
    first, other = batch(1, 2)["Records"]
    second = deepcopy(first)
    second["dynamodb"]["SequenceNumber"] = "9"

    answer = invoke("workers/dispatch_jobs", {"Records": [other, first, second]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert world.queues.sent == []


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


def test_moved_deadline_is_followed(invoke, world, batch) -> None:
    records = batch(1)
    change = records["Records"][0]["dynamodb"]
    change["OldImage"] = change["NewImage"] | {"deadline": {"N": str(NOON)}}

    assert invoke("workers/dispatch_jobs", records) == {"batchItemFailures": []}
    assert world.timers.deadlines == {ref(1): NOON + 30_000}


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
    assert {sent["jobId"] for sent in world.queues.sent} == {job_id(1), job_id(3)}
