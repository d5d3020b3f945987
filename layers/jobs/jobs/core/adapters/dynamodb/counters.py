"""Job counters: exact under replay, read at constant cost.

Ended jobs are counted in buckets by time of expiry (`gone_at`, which has few
values). A reader skips past buckets, so counts drop on time although TTL deletes
late. A mark per job records the counted state: one transaction updates the mark
and applies the difference to the buckets.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.core.adapters.dynamodb.items import partition
from jobs.core.changes import JobChange, JobCounts
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.aws.client import code_of, convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, attributes, plain
from jobs.kit.aws.dynamodb.batch import get_all
from jobs.kit.aws.dynamodb.transact import CONFLICT_BACKOFF_S, WriteConflictError
from jobs.kit.clock import Clock
from jobs.kit.retry import retry_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_LIVE: Final = "live"
_JOBS_A_TRANSACTION: Final = 25
_MAX_ATTEMPTS: Final = 8
_RETENTION_S: Final = 7 * 24 * 3600
"""Marks and past buckets outlive the job by this time; streams replay one day at most."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """The counted state of a job. `order` increases with each change; without `status`: deleted."""

    order: int
    status: str | None
    bucket: str
    processing_ms: int

    @property
    def share(self) -> Mapping[str, int]:
        if self.status is None:
            return {}
        return {self.status: 1, "processing_ms": self.processing_ms}


_NOT_COUNTED: Final = _Mark(order=0, status=None, bucket=_LIVE, processing_ms=0)


class DynamoJobCounters:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def read(self, tenant: str, kind: str) -> JobCounts:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND SK > :now",
            "ExpressionAttributeValues": attributes(
                {":pk": f"{tenant}#{kind}", ":now": _second(self._clock())}
            ),
        }
        with convert_aws_errors():
            rows = [plain(item) for item in self._client.query(**query)["Items"]]
        return JobCounts(
            by_status={s: sum(row.get(s.value, 0) for row in rows) for s in JobStatus},
            processing_ms=sum(row.get("processing_ms", 0) for row in rows),
        )

    def count(self, changes: Sequence[JobChange]) -> None:
        latest = {change.ref: change for change in sorted(changes, key=lambda c: _mark(c).order)}
        for some in batched(latest.values(), _JOBS_A_TRANSACTION, strict=False):
            retry_on_conflict(
                partial(self._count, some),
                WriteConflictError,
                max_attempts=_MAX_ATTEMPTS,
                backoff_s=CONFLICT_BACKOFF_S,
            )

    def _count(self, changes: Sequence[JobChange]) -> None:
        counted = self._marks(change.ref for change in changes)
        updates = [
            (change, counted.get(change.ref, _NOT_COUNTED), _mark(change))
            for change in changes
            if counted.get(change.ref, _NOT_COUNTED).order < _mark(change).order
        ]
        if not updates:
            return
        try:
            with convert_aws_errors():
                self._client.transact_write_items(
                    TransactItems=[*map(self._put_mark, updates), *self._add_shares(updates)]
                )
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            raise WriteConflictError from error

    def _marks(self, refs: Iterable[JobRef]) -> Mapping[JobRef, _Mark]:
        by_key = {_mark_key(ref)["PK"]["S"]: ref for ref in refs}
        with convert_aws_errors():
            rows = map(
                plain, get_all(self._client, self._table, [*map(_mark_key, by_key.values())])
            )
            return {
                by_key[row["PK"]]: _Mark(
                    row["order"], row.get("status"), row["bucket"], row["processing_ms"]
                )
                for row in rows
            }

    def _put_mark(self, update: tuple[JobChange, _Mark, _Mark]) -> Any:
        change, before, after = update
        row = {
            "order": after.order,
            "status": after.status,
            "bucket": after.bucket,
            "processing_ms": after.processing_ms,
            "expires_at": change.gone_at // 1000 + _RETENTION_S,
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": _mark_key(change.ref) | attributes(row),
                "ConditionExpression": "attribute_not_exists(PK) OR #order = :before",
                "ExpressionAttributeNames": {"#order": "order"},
                "ExpressionAttributeValues": attributes({":before": before.order}),
            }
        }

    def _add_shares(self, updates: Iterable[tuple[JobChange, _Mark, _Mark]]) -> Iterable[Any]:
        sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for change, before, after in updates:
            for mark, sign in ((before, -1), (after, 1)):
                for name, amount in mark.share.items():
                    sums[partition(change.ref), mark.bucket][name] += sign * amount
        for (tenant, bucket), shares in sums.items():
            changed = {name: amount for name, amount in shares.items() if amount}
            if not changed:
                continue
            values: dict[str, str | int | None] = {f":{name}": n for name, n in changed.items()}
            update = "ADD " + ", ".join(f"{name} :{name}" for name in changed)
            if bucket != _LIVE:
                update += " SET expires_at = :expires_at"
                values[":expires_at"] = int(bucket) + _RETENTION_S
            yield {
                "Update": {
                    "TableName": self._table,
                    "Key": attributes({"PK": tenant, "SK": bucket}),
                    "UpdateExpression": update,
                    "ExpressionAttributeValues": attributes(values),
                }
            }


def _mark(change: JobChange) -> _Mark:
    """Order a deletion after the last change of status, which has the same sequence."""
    ended = change.status is not None and change.status.is_terminal
    succeeded = change.status is JobStatus.SUCCEEDED
    return _Mark(
        order=2 * change.sequence + (change.status is None),
        status=change.status,
        bucket=_second(change.gone_at) if ended else _LIVE,
        processing_ms=change.changed_at - change.created_at if succeeded else 0,
    )


def _mark_key(ref: JobRef) -> Item:
    return attributes({"PK": f"{partition(ref)}#{ref.id}", "SK": "counted"})


def _second(millis: int) -> str:
    return f"{millis // 1000:010d}"
