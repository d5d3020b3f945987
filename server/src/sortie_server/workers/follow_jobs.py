"""Follow changes of jobs: count and publish them, plan webhooks, start each job's next step.

In place of the consumers of the job table's stream. The effects of a batch are one transaction
with the consumer's position, so each happens exactly once, whenever the process is killed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.adapters.sqlite import stream
from jobs.core.changes import JobChange
from jobs.core.failure import Failure
from jobs.core.job import Job, JobRef
from jobs.core.kind import Kinds, Storages
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.lambda_handler import logger
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Outbox, Record
from jobs.kit.sqlite.queue import Queue

CONSUMER: Final = "follow_jobs"
BATCH_SIZE: Final = 20
"""Requests that write wait for a batch, so it is small."""
MAX_WAIT_S: Final = 60.0

type Parsed = tuple[Record, JobChange | None]


class NoMetrics:
    """A `JobMetrics`: the counters and `/admin/usage` have the numbers."""

    def measure(self, changes: Sequence[JobChange]) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class FollowJobs:
    database: Database
    outbox: Outbox
    storages: Storages
    kinds: Kinds
    publish: Callable[[Sequence[JobChange]], Any]
    plan_webhooks: Callable[[Sequence[JobChange]], Any]
    end: Callable[[JobRef, Failure], Any]
    dead_letters: Queue

    def step(self) -> None:
        """Follow the next batch, or wait for one."""
        name = f"outbox:{stream.TOPIC}"
        seen = self.database.signals.number(name)
        records = self.outbox.read(CONSUMER, limit=BATCH_SIZE)
        if not records:
            self.database.signals.wait(name, seen, MAX_WAIT_S)
            return
        self._apply([(each, stream.parse_change(each, self.storages)) for each in records])

    def _apply(self, parsed: Sequence[Parsed]) -> None:
        """Apply a batch. If it fails, apply its records one by one, so that one delays no other."""
        try:
            self.database.write(lambda db: self._follow_all(parsed), durable=False)
        except Exception as error:
            if len(parsed) > 1:
                for each in parsed:
                    self._apply([each])
                return
            if isinstance(error, UnavailableError):
                raise
            self._leave_out(parsed[0][0])
        else:
            for _, change in parsed:
                if change:
                    log(change)

    def _follow_all(self, parsed: Sequence[Parsed]) -> None:
        changes = [change for _, change in parsed if change]
        self.publish(changes)
        self.plan_webhooks(changes)
        for record, change in parsed:
            if (change and change.status) or stream.moves_deadline(record):
                self._follow(stream.parse_job(record, self.storages))
        self.outbox.advance(CONSUMER, parsed[-1][0])

    def _follow(self, job: Job) -> None:
        try:
            self.kinds(job.kind).follow(job)
        except RefusedError as error:
            self.end(job.ref, Failure.of(error))

    def _leave_out(self, record: Record) -> None:
        """Move a record that cannot be followed to the dead letters: all others wait behind it."""
        logger.exception("change of a job left out")

        def leave_out(_: object) -> None:
            self.dead_letters.send(json.dumps(record.body))
            self.outbox.advance(CONSUMER, record)

        self.database.write(leave_out)


def log(change: JobChange) -> None:
    about = {
        "tenant": change.ref.tenant, "job_id": change.ref.id, "job_status": change.status,
    }  # fmt: skip
    logger.info("status changed", extra=about)
