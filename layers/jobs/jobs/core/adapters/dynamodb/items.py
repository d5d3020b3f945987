"""Jobs as items, and back."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.docs.adapters.dynamodb.storage import (
    place_behind_branch,
    place_in_project,
    session_from,
    session_text,
)
from jobs.missions.adapters.storage import mission_from, mission_text, place_in_queue
from jobs.webhooks.adapters.storage import webhook_from, webhook_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Item = dict[str, "AttributeValueTypeDef"]
type Stored = Mapping[str, Any]

REQUEST: Final = "#request"
RESULT: Final = "#result"
_ROOM: Final = 560
"""Bytes of bodies that a header can hold and still be written for one unit of 1 KB."""


type Values = Mapping[str, str | int | None]


def attributes(values: Values) -> Item:
    """Spell plain values as DynamoDB does; None is an absent attribute."""
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)}
        for name, value in values.items()
        if value is not None
    }


def plain(item: Stored) -> dict[str, Any]:
    return {k: int(v["N"]) if "N" in v else v.get("S") for k, v in item.items()}


def partition(ref: JobRef) -> str:
    return f"{ref.tenant}#{ref.dialect}"


def key(ref: JobRef, body: str = "") -> Item:
    return attributes({"PK": partition(ref), "SK": ref.id + body})


def ref_of(item: Stored) -> JobRef:
    tenant, dialect = item["PK"]["S"].split("#")
    return JobRef(tenant=tenant, dialect=dialect, id=item["SK"]["S"][:36])


def spelled(body: Mapping[str, Any]) -> str:
    """Bodies are opaque to the table: JSON text keeps floats, big integers, the order of keys."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def size(body: Mapping[str, Any] | None) -> int:
    """Return the bytes that a body takes."""
    return 0 if body is None else len(spelled(body).encode())


def fits(*bodies: Mapping[str, Any] | None) -> bool:
    return sum(map(size, bodies)) <= _ROOM


def ttl(job: Job) -> int:
    return job.gone_at // 1000


def header(job: Job, *, write_id: str) -> Item:
    """The whole header of a new job."""
    return (
        key(job.ref)
        | attributes({"created_at": job.created_at, "retention": job.retention})
        | attributes({"conversation": job.conversation})
        | attributes({"request": spelled(job.request) if fits(job.request) else None})
        | attributes({"webhook": webhook_text(job.webhook)})
        | attributes(place_in_project(job))
        | attributes(state(job, write_id=write_id))
    )


def state(job: Job, *, write_id: str) -> dict[str, str | int | None]:
    """What a change of status may change; None: the attribute goes.

    `write_id` tells a writer whether what it finds stored is its own doing,
    its answer having been lost on the way.
    """
    inline = fits(job.request if fits(job.request) else None, job.result)
    apart = bool(job.result) and not inline  # who has none to keep need not be able to
    return {
        "status": job.status.value,
        "sequence": job.sequence,
        "attempt": job.attempt,
        "lease_until": job.lease_until,
        "deadline": job.deadline,
        "changed_at": job.changed_at,
        "ended_at": job.ended_at,
        "error": job.error,
        "handle": job.handle,
        "result": spelled(job.result) if job.result is not None and not apart else None,
        "result_body": f"{RESULT}#{write_id}" if apart else None,
        "mission": mission_text(job),
        "session": session_text(job),
        "by_status": f"{partition(job.ref)}#{job.status}",
        **dict.fromkeys(("waiting", "rank")),
        **place_in_queue(job),
        **place_behind_branch(job),
        "expires_at": ttl(job),
        "write_id": write_id,
    }


def to_job(item: Stored, bodies: Mapping[str, Stored]) -> Job:
    """Put a header and its bodies together; `bodies` by the suffix of their sort key."""
    ref, values = ref_of(item), plain(item)
    request = values.get("request") or plain(bodies[REQUEST])["body"]
    result = values.get("result")
    if "result_body" in values:
        result = plain(bodies[values["result_body"]])["body"]
    return Job(
        id=ref.id,
        tenant=ref.tenant,
        dialect=ref.dialect,
        request=json.loads(request),
        created_at=values["created_at"],
        changed_at=values["changed_at"],
        deadline=values["deadline"],
        retention=values["retention"],
        status=JobStatus(values["status"]),
        sequence=values["sequence"],
        attempt=values["attempt"],
        lease_until=values["lease_until"],
        ended_at=values.get("ended_at"),
        result=None if result is None else json.loads(result),
        error=values.get("error"),
        handle=values.get("handle"),
        mission=mission_from(values.get("mission")),
        session=session_from(values.get("session"), values.get("latest")),
        webhook=webhook_from(values.get("webhook")),
        conversation=values.get("conversation"),
    )


def to_header(item: Stored) -> Job:
    """Read a header alone: the job without the bodies that are kept apart."""
    inline = {name: value for name, value in item.items() if name != "result_body"}
    return to_job({"request": {"S": "{}"}} | inline, {})


def missing_bodies(item: Stored) -> list[str]:
    """Which bodies a header keeps in items of their own."""
    result = [item["result_body"]["S"]] if "result_body" in item else []
    return result if "request" in item else [REQUEST, *result]
