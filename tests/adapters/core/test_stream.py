"""The stream of the job table, parsed as changes of status."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from jobs import kinds
from jobs.core.adapters.dynamodb import items, stream
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from tests.fakes.memory import change
from tests.support import HOUR, NOON

LEASE = 25_000


def image(job: Job) -> Any:
    return JobItems(kinds.storage).header(job, write_id="w")


def record(new: Any = None, old: Any = None) -> Any:
    images = {"NewImage": new, "OldImage": old}
    return {"dynamodb": {name: image for name, image in images.items() if image}}


def test_stream_of_a_job_yields_each_change(a_job) -> None:
    pending = a_job(key_id="0123456789ab")
    running = pending.claim(now=NOON + 1, lease=LEASE).spend(Tokens(7, 3))
    ended = running.succeed({"content": "x"}, now=NOON + 2)

    changes = stream.changes(
        [
            record(image(pending)),
            record(image(running), image(pending)),
            record(image(ended), image(running)),
        ],
        kinds.storage,
    )

    assert [*changes] == [
        change(pending, previous=None),
        change(running, previous=JobStatus.PENDING),
        change(ended, previous=JobStatus.RUNNING, started_at=NOON + 1),
    ]
    assert (changes[2].key_id, changes[2].tokens) == ("0123456789ab", Tokens(7, 3))
    assert [each.sequence for each in changes] == [1, 2, 3]


def test_stream_yields_job_of_any_shard(a_job) -> None:
    job = a_job(id="019b7963-4a00-8f00-8000-000000000001")

    [found] = stream.changes([record(image(job))], kinds.storage)

    assert found == change(job, previous=None)


def test_stream_of_docs_job_yields_change_with_details(a_docs_job) -> None:
    job = a_docs_job(session={"root": "019b7963-4a00-7000-8000-000000000002"})

    [found] = stream.changes([record(image(job))], kinds.storage)

    assert found == change(job, previous=None)


def test_deletion_has_no_status_and_last_sequence(a_job) -> None:
    ended = a_job().cancel(now=NOON + 1)

    [found] = stream.changes([record(old=image(ended))], kinds.storage)

    assert (found.status, found.previous, found.sequence) == (None, JobStatus.CANCELLED, 2)
    assert found.gone_at == ended.gone_at


def test_record_without_changed_status_is_no_change(a_job) -> None:
    running = a_job().claim(now=NOON, lease=LEASE)
    body = items.key(running.ref, items.REQUEST) | {"body": {"S": "{}"}}
    claim = {"PK": {"S": "acme#messaging#keys"}, "SK": {"S": "k"}, "job_id": {"S": running.id}}

    assert not stream.changes(
        [
            record(image(running.renewed(NOON + 9 * LEASE)), image(running)),
            record(image(running.delegate("a job elsewhere")), image(running)),
            record(image(running.claim(now=NOON + LEASE, lease=LEASE)), image(running)),
            record(body),
            record(old=body),
            record(claim),
            record(old=claim),
        ],
        kinds.storage,
    )


@pytest.mark.parametrize("request_", [{}, {"content": "x" * 1000}], ids=["small", "large"])
def test_records_of_real_table_are_parsed(moto, clock, a_job, request_) -> None:
    """The records contain the items that the repository wrote."""
    repository = DynamoJobRepository(moto.client, moto.jobs, clock, kinds.storage)
    key = IdempotencyKey(value="k", request_hash="h", expires_at=NOON + HOUR)
    job = a_job(request=request_)
    repository.add(job, key)
    running = job.claim(now=NOON, lease=LEASE)
    repository.save(running, replacing=job)
    items = moto.client.scan(TableName=moto.jobs)["Items"]
    stored = [each for each in items if job.tenant in each["PK"]["S"]]

    changes = stream.changes([record(item) for item in stored], kinds.storage)

    assert [*changes] == [change(running, previous=None)]
    assert all(isinstance(TypeSerializer().serialize(item), dict) for item in stored)
