import json
from copy import deepcopy

import pytest

from jobs.core.job import JobRef
from jobs.kit.errors import UnavailableError
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
    """The stream's record once for each number: each of a job of its own."""
    [record] = event("workers/dispatch_jobs")["Records"]

    def make(*numbers: int):
        records = []
        for n in numbers:
            other = json.loads(json.dumps(record).replace(ID, job_id(n)))
            other["dynamodb"]["SequenceNumber"] = str(n)
            records.append(other)
        return {"Records": records}

    return make


def test_a_new_job_gets_its_deadline_and_a_message_that_only_points_to_it(invoke, world) -> None:
    answer = invoke("workers/dispatch_jobs")

    assert answer == {"batchItemFailures": []}
    assert world.timers.deadlines == {ref(1): NOON + 30_000}
    assert world.queues.sent == [{"tenant": "demo", "dialect": "messaging", "jobId": ID}]


def test_when_a_start_is_throttled_it_and_what_follows_are_sent_again_later(
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
    assert [sent["jobId"] for sent in world.queues.sent] == [job_id(1)]
    assert [line["job_id"] for line in log() if line["message"] == "dispatched"] == [job_id(1)]


def test_a_job_whose_message_could_not_be_sent_is_timed_all_the_same(invoke, world) -> None:
    def throttled(**_: object) -> None:
        raise UnavailableError("RequestThrottled")

    world.queues.send_message = throttled

    [failure] = invoke("workers/dispatch_jobs")["batchItemFailures"]

    assert failure == {"itemIdentifier": "400000000000000000000001"}
    assert ref(1) in world.timers.deadlines


def test_when_the_first_fails_everything_is_sent_again(invoke, world, rewire, batch) -> None:
    rewire(*CORES, timers=None)

    answer = invoke("workers/dispatch_jobs", batch(1, 2))

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["1"]


def test_a_replayed_batch_starts_nothing_anew(invoke, world, batch) -> None:
    for _ in range(2):
        invoke("workers/dispatch_jobs", batch(1))

    assert world.timers.deadlines == {ref(1): NOON + 30_000}


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "TIMED_OUT"])
def test_a_job_that_is_not_pending_is_left_alone(invoke, world, batch, status) -> None:
    records = batch(1)
    records["Records"][0]["dynamodb"]["NewImage"]["status"]["S"] = status

    assert invoke("workers/dispatch_jobs", records) == {"batchItemFailures": []}
    assert world.queues.sent == []


def test_what_is_no_change_of_status_is_left_alone(invoke, world, batch) -> None:
    record = batch(1)["Records"][0]
    body, renewed, removed = (deepcopy(record) for _ in range(3))
    del body["dynamodb"]["NewImage"]["status"]
    renewed["dynamodb"]["OldImage"] = renewed["dynamodb"]["NewImage"]
    removed["dynamodb"]["OldImage"] = removed["dynamodb"].pop("NewImage")

    answer = invoke("workers/dispatch_jobs", {"Records": [body, renewed, removed]})

    assert answer == {"batchItemFailures": []}
    assert world.queues.sent == []


def test_neither_records_nor_logs_give_the_content_away(invoke, world, log) -> None:
    invoke("workers/dispatch_jobs")

    assert "who are you" not in json.dumps([world.queues.sent, log()])
