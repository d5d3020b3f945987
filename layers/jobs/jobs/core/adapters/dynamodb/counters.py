"""Job counters: exact under replay, read at constant cost.

Ended jobs are counted in buckets by time of expiry (`gone_at`, which has few
values). A reader skips past buckets, so counts drop on time although TTL deletes
late. A mark per job records the counted state: one transaction updates the mark
and applies the difference to the buckets. The same transaction adds the usage of
a job that has ended.

Each shard has counters of its own; a reader adds them up. The first shard's item
of live jobs records how many shards have ever been used, so that jobs are found
and counted after the number has been lowered.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.core.adapters.dynamodb.items import partition, shard_key
from jobs.core.adapters.dynamodb.usage import add_usage
from jobs.core.changes import JobChange, JobCounts
from jobs.core.ids import shard_of
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.core.usage import Usage, usage_of_job
from jobs.kit.aws.client import code_of, convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, attributes, plain
from jobs.kit.aws.dynamodb.batch import get_all
from jobs.kit.aws.dynamodb.transact import CONFLICT_BACKOFF_S, WriteConflictError
from jobs.kit.clock import Clock
from jobs.kit.parallel import map_parallel
from jobs.kit.retry import retry_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_LIVE: Final = "live"
_JOBS_A_TRANSACTION: Final = 20
"""A transaction has 100 items at most: here a mark, two buckets, and two items of usage each."""
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
    def ended(self) -> bool:
        """Whether the end of the job is counted, or its deletion."""
        ended = self.status is None or JobStatus(self.status).is_terminal
        return self.order > 0 and ended

    @property
    def share(self) -> Mapping[str, int]:
        if self.status is None:
            return {}
        return {self.status: 1, "processing_ms": self.processing_ms}


_NOT_COUNTED: Final = _Mark(order=0, status=None, bucket=_LIVE, processing_ms=0)


class DynamoJobCounters:
    """`shards`: of new jobs. Readers also read those that earlier jobs may have used."""

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Clock, *, shards: int = 1
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._shards = shards
        self._recorded: dict[tuple[str, str], int] = {}

    def read(self, tenant: str, kind: str) -> JobCounts:
        rows = self._read(tenant, kind, range(self._shards))
        used = max([self._shards, *(row["shards"] for row in rows if "shards" in row)])
        if used > self._shards:
            rows += self._read(tenant, kind, range(self._shards, used))
        return JobCounts(
            by_status={s: sum(row.get(s.value, 0) for row in rows) for s in JobStatus},
            processing_ms=sum(row.get("processing_ms", 0) for row in rows),
            shards=used,
        )

    def _read(self, tenant: str, kind: str, shards: Sequence[int]) -> list[dict[str, Any]]:
        now = _second(self._clock())

        def query(shard: int) -> Sequence[Item]:
            return self._client.query(
                TableName=self._table,
                KeyConditionExpression="PK = :pk AND SK > :now",
                ExpressionAttributeValues=attributes(
                    {":pk": shard_key(tenant, kind, shard), ":now": now}
                ),
            )["Items"]

        with convert_aws_errors():
            return [plain(item) for items in map_parallel(query, shards) for item in items]

    def count(self, changes: Sequence[JobChange]) -> None:
        history = defaultdict[JobRef, list[JobChange]](list)
        for change in sorted(changes, key=lambda change: _mark(change).order):
            history[change.ref].append(change)
        for ref in history:
            self._record_shard(ref)
        # By shard, so that a transaction writes to few counters, and conflicts with few others.
        histories = [history[ref] for ref in sorted(history, key=partition)]
        for some in batched(histories, _JOBS_A_TRANSACTION):
            retry_on_conflict(
                partial(self._count, some),
                WriteConflictError,
                max_attempts=_MAX_ATTEMPTS,
                backoff_s=CONFLICT_BACKOFF_S,
            )

    def _record_shard(self, ref: JobRef) -> None:
        """Record that a shard is used, before any of its jobs is counted."""
        used = shard_of(ref.id) + 1
        if used <= self._recorded.get((ref.tenant, ref.kind), 1):
            return
        update: dict[str, Any] = {
            "TableName": self._table,
            "Key": attributes({"PK": shard_key(ref.tenant, ref.kind, 0), "SK": _LIVE}),
            "UpdateExpression": "SET shards = :used",
            "ConditionExpression": "attribute_not_exists(shards) OR shards < :used",
            "ExpressionAttributeValues": attributes({":used": used}),
        }
        with (
            convert_aws_errors(),
            suppress(self._client.exceptions.ConditionalCheckFailedException),
        ):
            self._client.update_item(**update)
        self._recorded[ref.tenant, ref.kind] = used

    def _count(self, histories: Sequence[Sequence[JobChange]]) -> None:
        """Count jobs; each has its changes in order."""
        counted = self._marks(changes[-1].ref for changes in histories)
        befores = [counted.get(changes[-1].ref, _NOT_COUNTED) for changes in histories]
        updates = [
            (changes[-1], before, _mark(changes[-1]))
            for changes, before in zip(histories, befores, strict=True)
            if before.order < _mark(changes[-1]).order
        ]
        if not updates:
            return
        used = [
            (shard_of(changes[-1].ref.id), usage)
            for before, changes in zip(befores, histories, strict=True)
            if (usage := _usage_since(before, changes))
        ]
        try:
            with convert_aws_errors():
                self._client.transact_write_items(
                    TransactItems=[
                        *map(self._put_mark, updates),
                        *self._add_shares(updates),
                        *add_usage(self._table, used),
                    ]
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


def _usage_since(before: _Mark, changes: Sequence[JobChange]) -> Usage | None:
    """Return the usage of a job whose end is not counted yet, from the first change that tells it.

    That is the end itself rather than the deletion, which knows no start.
    """
    if before.ended:
        return None
    return next(filter(None, map(usage_of_job, changes)), None)


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
