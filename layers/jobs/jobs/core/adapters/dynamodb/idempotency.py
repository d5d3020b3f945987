"""The first job of each Idempotency-Key."""

from typing import Any

from jobs.core.errors import IdempotencyConflictError
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.kit.aws.dynamodb.attributes import Stored, Values, attributes
from jobs.kit.clock import Millis


def claim(table: str, job: Job, key: IdempotencyKey, now: Millis) -> dict[str, Any]:
    """Return the write that stores a job as the key's first one, unless there is one."""
    values: Values = {
        "PK": f"{job.tenant}#{job.kind}#keys",
        "SK": key.value,
        "job_id": job.id,
        "request_hash": key.request_hash,
        "expires_at": key.expires_at // 1000,
    }
    return {
        "Put": {
            "TableName": table,
            "Item": attributes(values),
            "ConditionExpression": "attribute_not_exists(PK) OR expires_at <= :now",
            "ExpressionAttributeValues": attributes({":now": now // 1000}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def first_job(ref: JobRef, key: IdempotencyKey, claim: Stored) -> JobRef:
    """Return the key's first job. Raises `IdempotencyConflictError`."""
    if claim["request_hash"]["S"] != key.request_hash:
        raise IdempotencyConflictError
    return JobRef(tenant=ref.tenant, kind=ref.kind, id=claim["job_id"]["S"])
