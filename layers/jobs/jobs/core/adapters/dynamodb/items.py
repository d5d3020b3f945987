"""Jobs as items, and back."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jobs.core.adapters.webhook_text import webhook_from, webhook_text
from jobs.core.failure import Failure
from jobs.core.ids import shard_of
from jobs.core.job import Job, JobRef
from jobs.core.kind import Storages
from jobs.core.status import JobStatus
from jobs.core.tokens import NO_TOKENS, Tokens
from jobs.kit.aws.dynamodb.attributes import Item, Stored, attributes, plain
from jobs.kit.errors import FailureClass

REQUEST: Final = "#request"
RESULT: Final = "#result"
_MAX_INLINE_BYTES: Final = 560
"""Bytes of bodies that fit into a header of one write unit (1 KB)."""
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder()
"""Made once: `json` would look for them again for each of a listing's jobs."""


def partition(ref: JobRef) -> str:
    return shard_key(ref.tenant, ref.kind, shard_of(ref.id))


def shard_key(tenant: str, kind: str, shard: int) -> str:
    """Return the partition key of one shard. The first has the key of tenants without shards."""
    return f"{tenant}#{kind}#{shard}" if shard else f"{tenant}#{kind}"


def key(ref: JobRef, body: str = "") -> Item:
    return attributes({"PK": partition(ref), "SK": ref.id + body})


def ref_of(item: Stored) -> JobRef:
    tenant, kind, *_ = item["PK"]["S"].split("#")
    return JobRef(tenant=tenant, kind=kind, id=item["SK"]["S"][:36])


def to_text(body: Mapping[str, Any]) -> str:
    """Serialize a body as JSON text, which keeps floats, big integers and the order of keys."""
    return _ENCODER.encode(body)


def size(body: Mapping[str, Any] | None) -> int:
    """Return the bytes that a body takes."""
    return 0 if body is None else len(to_text(body).encode())


def stored_size(item: Stored, bodies: Mapping[str, Stored]) -> int:
    """Return the bytes of a stored job's bodies. `bodies` has those that are stored apart."""
    apart = [bodies[suffix]["body"] for suffix in missing_bodies(item)]
    inline = [item[name] for name in ("request", "result") if name in item]
    return sum(len(each["S"].encode()) for each in (*inline, *apart))


def fits_inline(*bodies: Mapping[str, Any] | None) -> bool:
    return sum(map(size, bodies)) <= _MAX_INLINE_BYTES


def ttl(job: Job) -> int:
    return job.gone_at // 1000


def missing_bodies(item: Stored) -> list[str]:
    """Return the suffixes of the bodies that are stored in items of their own."""
    result = [item["result_body"]["S"]] if "result_body" in item else []
    return result if "request" in item else [REQUEST, *result]


def _to_failure(values: Mapping[str, Any]) -> Failure | None:
    """Jobs that failed before there were classes count as `internal`."""
    if "error" not in values:
        return None
    return Failure(values["error"], FailureClass(values.get("failure_class", "internal")))


class JobItems:
    """Headers of jobs, with the details of their kinds."""

    def __init__(self, storages: Storages) -> None:
        self._storages = cache(storages)

    def header(self, job: Job, *, write_id: str) -> Item:
        """Return the whole header of a new job."""
        return (
            key(job.ref)
            | attributes({"created_at": job.created_at, "retention": job.retention})
            | attributes({"request": to_text(job.request) if fits_inline(job.request) else None})
            | attributes({"webhook": webhook_text(job.webhook), "key_id": job.key_id})
            | attributes(self.state(job, write_id=write_id))
        )

    def state(self, job: Job, *, write_id: str) -> dict[str, str | int | None]:
        """Return the attributes that a change may change; None: the attribute is removed.

        `write_id` tells a writer whose answer was lost whether the stored state is its own.
        """
        inline = fits_inline(job.request if fits_inline(job.request) else None, job.result)
        # A writer that has no result may lack the permission to put bodies.
        apart = bool(job.result) and not inline
        storage = self._storages(job.kind)
        return {
            "status": job.status.value,
            "sequence": job.sequence,
            "attempt": job.attempt,
            "lease_until": job.lease_until,
            "deadline": job.deadline,
            "changed_at": job.changed_at,
            "ended_at": job.ended_at,
            "error": job.failure.reason if job.failure else None,
            "failure_class": job.failure.failure_class.value if job.failure else None,
            "handle": job.handle,
            "tokens_in": job.tokens.read or None,
            "tokens_out": job.tokens.written or None,
            "result": to_text(job.result) if job.result is not None and not apart else None,
            "result_body": f"{RESULT}#{write_id}" if apart else None,
            "by_status": f"{partition(job.ref)}#{job.status}",
            "expires_at": ttl(job),
            "write_id": write_id,
            **dict.fromkeys(storage.attributes),
            **storage.dump(job),
        }

    def to_job(self, item: Stored, bodies: Mapping[str, Stored]) -> Job:
        """Deserialize a header and its bodies; `bodies` by the suffix of their sort key."""
        values = plain(item)
        tenant, kind, *_ = values["PK"].split("#")
        read, written = values.get("tokens_in", 0), values.get("tokens_out", 0)
        request = values.get("request") or plain(bodies[REQUEST])["body"]
        result = values.get("result")
        if "result_body" in values:
            result = plain(bodies[values["result_body"]])["body"]
        return Job(
            id=values["SK"],
            tenant=tenant,
            kind=kind,
            request=_DECODER.decode(request),
            created_at=values["created_at"],
            changed_at=values["changed_at"],
            deadline=values["deadline"],
            retention=values["retention"],
            status=JobStatus(values["status"]),
            sequence=values["sequence"],
            attempt=values["attempt"],
            lease_until=values["lease_until"],
            ended_at=values.get("ended_at"),
            result=None if result is None else _DECODER.decode(result),
            failure=_to_failure(values),
            handle=values.get("handle"),
            webhook=webhook_from(values.get("webhook")),
            key_id=values.get("key_id"),
            tokens=Tokens(read, written) if read or written else NO_TOKENS,
            details=self._storages(kind).load(values),
        )

    def to_header(self, item: Stored) -> Job:
        """Deserialize a header: the job without the bodies that are stored apart."""
        inline = {name: value for name, value in item.items() if name != "result_body"}
        return self.to_job({"request": {"S": "{}"}} | inline, {})
