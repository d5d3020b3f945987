"""Parse what the triggers of the jobs' table report, in place of a stream."""

from typing import Any, Final

from jobs.core.adapters.sqlite.rows import JobRows
from jobs.core.changes import JobChange
from jobs.core.job import Job, JobRef
from jobs.core.kind import Storages
from jobs.core.status import JobStatus
from jobs.kit.sqlite.outbox import Record

TOPIC: Final = "jobs"


def parse_change(record: Record, storages: Storages) -> JobChange | None:
    """Return the change of status, if it is one."""
    new, old = _images(record)
    status, previous = _status(new), _status(old)
    if status == previous:
        return None
    image = new or old
    header = JobRows(storages).to_header(image)
    return JobChange(
        ref=JobRef(tenant=header.tenant, kind=header.kind, id=header.id),
        sequence=header.sequence,
        status=status,
        previous=previous,
        changed_at=header.changed_at,
        created_at=header.created_at,
        gone_at=image["expires_at"],
        details=header.details,
        webhook=header.webhook,
        key_id=header.key_id,
        tokens=header.tokens,
        started_at=old["changed_at"] if previous is JobStatus.RUNNING else None,
    )


def moves_deadline(record: Record) -> bool:
    """Return whether the change gave a job another deadline, and left its status."""
    new, old = _images(record)
    return bool(new and old and new["status"] == old["status"])


def parse_job(record: Record, storages: Storages) -> Job:
    """Return the job after the change, without its bodies."""
    return JobRows(storages).to_header(record.body["new"])


def _images(record: Record) -> tuple[Any, Any]:
    """Return the job after and before the change; None: there is none."""
    return record.body.get("new"), record.body.get("old")


def _status(image: Any) -> JobStatus | None:
    return JobStatus(image["status"]) if image else None
