"""Changes are counted first, then published."""

from typing import Any

import pytest

from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.publish_changes import PublishChanges
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from tests.databases import empty_database
from tests.fakes.memory import Outbox, change


def test_publish_counts_first_and_replay_counts_once(clock, a_job) -> None:
    counters, outbox, job = SqliteJobCounters(empty_database(), clock), Outbox(), a_job()
    changes = [change(job, previous=None)]

    class Down:
        def publish(self, changes: Any) -> None:
            raise UnavailableError

    with pytest.raises(UnavailableError):
        PublishChanges(counters=counters, publisher=Down(), metrics=outbox)(changes)
    assert counters.read("acme", "messaging").total == 1
    assert outbox.measured == []

    PublishChanges(counters=counters, publisher=outbox, metrics=outbox)(changes)

    assert counters.read("acme", "messaging").total == 1
    assert outbox.published == outbox.measured == changes


def test_deletion_is_counted_and_not_published(clock, repository, pending) -> None:
    counters, outbox = SqliteJobCounters(empty_database(), clock), Outbox()
    [created] = repository.changes
    deleted = type(created)(
        ref=created.ref,
        sequence=created.sequence,
        status=None,
        previous=JobStatus.PENDING,
        changed_at=created.changed_at,
        created_at=created.created_at,
        gone_at=created.gone_at,
    )

    PublishChanges(counters=counters, publisher=outbox, metrics=outbox)([created, deleted])

    assert counters.read("acme", "messaging").total == 0
    assert outbox.published == [created]


def test_import_of_ended_job_is_counted_and_not_told(clock, a_job) -> None:
    counters, outbox = SqliteJobCounters(empty_database(), clock), Outbox()
    imported = change(a_job(status=JobStatus.SUCCEEDED), previous=None)

    PublishChanges(counters=counters, publisher=outbox, metrics=outbox)([imported])

    assert counters.read("acme", "messaging").of(JobStatus.SUCCEEDED) == 1
    assert outbox.published == outbox.measured == []
