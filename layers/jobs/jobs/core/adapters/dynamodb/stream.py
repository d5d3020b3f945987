"""Parse the job table's stream."""

from collections.abc import Iterable, Sequence
from typing import Any

from jobs.core.adapters.dynamodb.items import JobItems, ref_of
from jobs.core.changes import JobChange
from jobs.core.job import Job
from jobs.core.kind import Storages
from jobs.core.status import JobStatus
from jobs.kit.aws.dynamodb.attributes import Stored


def changes(records: Iterable[Any], storages: Storages) -> Sequence[JobChange]:
    """Return the changes of status; ignore renewed leases and items other than headers."""
    found = (parse_change(record, storages) for record in records if not _is_expired(record))
    return [change for change in found if change is not None]


def parse_change(record: Any, storages: Storages) -> JobChange | None:
    new, old = (record["dynamodb"].get(image) or {} for image in ("NewImage", "OldImage"))
    image = new or old
    status, previous = _status(new), _status(old)
    if "status" not in image or status == previous:
        return None
    header = JobItems(storages).to_header(image)
    return JobChange(
        ref=ref_of(image),
        sequence=int(image["sequence"]["N"]),
        status=status,
        previous=previous,
        changed_at=int(image["changed_at"]["N"]),
        created_at=int(image["created_at"]["N"]),
        gone_at=int(image["expires_at"]["N"]) * 1000,
        details=header.details,
        webhook=header.webhook,
        key_id=header.key_id,
        tokens=header.tokens,
        started_at=int(old["changed_at"]["N"]) if previous is JobStatus.RUNNING else None,
    )


def moves_deadline(record: Any) -> bool:
    """Return whether a change gave a job another deadline, and left its status."""
    new, old = (record["dynamodb"].get(image) or {} for image in ("NewImage", "OldImage"))
    return "status" in new and _status(new) == _status(old) and new["deadline"] != old["deadline"]


def parse_job(record: Any, storages: Storages) -> Job:
    """Return the job after the change, without the bodies that are stored apart."""
    return JobItems(storages).to_header(record["dynamodb"]["NewImage"])


def _is_expired(record: Any) -> bool:
    """Return whether the TTL of an ended job has passed: it is no longer counted."""
    status = _status(record["dynamodb"].get("OldImage") or {})
    by_ttl = (record.get("userIdentity") or {}).get("type") == "Service"
    return by_ttl and status is not None and status.is_terminal


def _status(image: Stored) -> JobStatus | None:
    return JobStatus(image["status"]["S"]) if "status" in image else None
