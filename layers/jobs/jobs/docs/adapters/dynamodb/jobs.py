"""The job table: follow-ups and lists of docs jobs."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import batched, islice
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.bodies import put_request
from jobs.core.adapters.dynamodb.idempotency import claim, first_job
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.docs.adapters.dynamodb.storage import DocsJobStorage, project_key
from jobs.docs.docs_job import docs_job_of
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, attributes
from jobs.kit.aws.dynamodb.batch import get_all
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MAX_PAGE_SIZE: Final = 1000
_MAX_BATCH_SIZE: Final = 100


class DynamoDocsJobs:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._items = JobItems(_storage)

    def follow(self, job: Job, *, after: str | None, key: IdempotencyKey | None = None) -> JobRef:
        put = {
            "TableName": self._table,
            "Item": self._items.header(job, write_id=secrets.token_hex(6)),
            "ConditionExpression": "attribute_not_exists(PK)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        writes = [{"Update": self._latest(job, after)}, {"Put": put}]
        if key:
            writes.append(claim(self._table, job, key, self._clock()))
        with convert_aws_errors():
            put_request(self._client, self._table, job)
        refused = transact(self._client, writes)
        if not refused:
            return job.ref
        root, stored, *first = refused
        if key and first and first[0] is not None:
            return first_job(job.ref, key, first[0])
        if (
            stored is not None
        ):  # ids are unique: an earlier request stored it, and its response was lost
            return job.ref
        raise StaleJobError(job.id) if root else JobNotFoundError(job.id)

    def list_by_project(
        self, tenant: str, project: str, *, skip: int, take: int
    ) -> Sequence[JobRef]:
        with convert_aws_errors():
            live = self._live(project_key(tenant, project), skip + take)
            return [items.ref_of(item) for item in islice(live, skip, skip + take)]

    def headers(self, refs: Sequence[JobRef]) -> Sequence[Job]:
        with convert_aws_errors():
            found = [
                replace(self._items.to_header(item), request={})
                for some in batched(refs, _MAX_BATCH_SIZE)
                for item in get_all(self._client, self._table, [items.key(ref) for ref in some])
            ]
        return [job for job in found if job.gone_at > self._clock()]

    def _latest(self, job: Job, after: str | None) -> dict[str, Any]:
        """Build the update that makes a job its root's latest if `after` is the current one."""
        root = JobRef(tenant=job.tenant, kind=job.kind, id=docs_job_of(job).root or "")
        unchanged = "latest = :after" if after else "attribute_not_exists(latest)"
        return {
            "TableName": self._table,
            "Key": items.key(root),
            "UpdateExpression": "SET latest = :job",
            "ConditionExpression": f"attribute_exists(PK) AND {unchanged}",
            "ExpressionAttributeValues": attributes({":job": job.id, ":after": after}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _live(self, listing: str, wanted: int) -> Iterator[Stored]:
        """Page through a project's jobs, newest first, without expired ones.

        Stops after a page of expired jobs: all others are older.
        """
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "by_project",
            "KeyConditionExpression": "by_project = :listing",
            "ExpressionAttributeValues": attributes({":listing": listing}),
            "ScanIndexForward": False,
            "Limit": min(wanted, _MAX_PAGE_SIZE),
        }
        while True:
            page = self._client.query(**query)
            now = self._clock()
            live = [i for i in page["Items"] if int(i["expires_at"]["N"]) * 1000 > now]
            yield from live
            if not live or "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _storage(_kind: str) -> DocsJobStorage:
    return DocsJobStorage()
