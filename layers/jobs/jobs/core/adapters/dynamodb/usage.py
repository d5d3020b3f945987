"""Usage in the counter table: exact under replay, at a cost of the number of days alone.

    PK                          SK                item
    <tenant>#usage              <day>#<source>    a tenant's counts of a day
    <tenant>#usage#<key id>     <day>#<source>    those of one of its keys
    <log id>                    counted           how many entries of a log are counted

Each kind of job has items of its own, as each has consumers of its own: two of them never wait for
one another's transactions. Usage of jobs needs no marks here: the job counters have them. Usage
of jobs in other shards than the first has items of its own, too: <day>#<source>#<shard>.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from jobs.core.usage import Usage, UsageLog
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Values, attributes, plain
from jobs.kit.aws.dynamodb.batch import get_all
from jobs.kit.aws.dynamodb.transact import WriteConflictError, transact
from jobs.kit.clock import Clock
from jobs.kit.retry import retry_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_RETENTION: Final = timedelta(days=400)
"""A year, and time to settle its accounts."""
_MARK_RETENTION_S: Final = 30 * 24 * 3600
"""From the last entry. Deliveries grow for 14 days, payments for one; streams replay for one."""
_LOGS_A_TRANSACTION: Final = 20
"""A transaction has 100 items at most: here a mark, and two partitions on two days each.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""


_NOT_COUNTS: Final = {"PK", "SK", "expires_at"}


class DynamoUsage:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def read(
        self, tenant: str, *, first: date, last: date, key_id: str | None = None
    ) -> Sequence[Usage]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": attributes(
                {":pk": _partition(tenant, key_id), ":first": f"{first}", ":last": f"{last}#~"}
            ),
        }
        sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for row in self._rows(query):
            day, source, *_ = row["SK"].split("#")
            sums[day, source].update({n: row[n] for n in row.keys() - _NOT_COUNTS})
        return [
            Usage(
                tenant=tenant,
                day=date.fromisoformat(day),
                source=source,
                counts=dict(counts),
                key_id=key_id,
            )
            for (day, source), counts in sums.items()
        ]

    def _rows(self, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            with convert_aws_errors():
                page = self._client.query(**query)
            yield from map(plain, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def count(self, logs: Sequence[UsageLog]) -> None:
        longest = {log.id: log for log in sorted(logs, key=lambda log: len(log.entries))}
        for some in batched(longest.values(), _LOGS_A_TRANSACTION):
            retry_on_conflict(partial(self._count, some), WriteConflictError)

    def _count(self, logs: Sequence[UsageLog]) -> None:
        counted = self._marks(logs)
        longer = [(log, n) for log in logs if len(log.entries) > (n := counted.get(log.id, 0))]
        if not longer:
            return
        news = [entry for log, n in longer for entry in log.entries[n:]]
        first = [(0, entry) for entry in news]
        writes = [*(self._put_mark(log, n) for log, n in longer), *add_usage(self._table, first)]
        if transact(self._client, writes):
            raise WriteConflictError

    def _marks(self, logs: Iterable[UsageLog]) -> dict[str, int]:
        with convert_aws_errors():
            found = get_all(self._client, self._table, [_mark_key(log.id) for log in logs])
            return {row["PK"]: row["entries"] for row in map(plain, found)}

    def _put_mark(self, log: UsageLog, counted: int) -> Any:
        row = {
            "entries": len(log.entries),
            "expires_at": self._clock() // 1000 + _MARK_RETENTION_S,
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": _mark_key(log.id) | attributes(row),
                "ConditionExpression": "attribute_not_exists(PK) OR entries = :counted",
                "ExpressionAttributeValues": attributes({":counted": counted}),
            }
        }


def add_usage(table: str, usages: Iterable[tuple[int, Usage]]) -> list[Any]:
    """Return the updates that add usage of shards, for a transaction: at most two for each."""
    sums: dict[tuple[str, str, date], Counter[str]] = defaultdict(Counter)
    for shard, usage in usages:
        sort_key = f"{usage.day}#{usage.source}" + (f"#{shard}" if shard else "")
        for key_id in {None, usage.key_id}:
            sums[_partition(usage.tenant, key_id), sort_key, usage.day].update(usage.counts)
    return [
        {"Update": _addition(table, {"PK": partition, "SK": sort_key}, day, counts)}
        for (partition, sort_key, day), counts in sums.items()
    ]


def _addition(table: str, key: Values, day: date, counts: Mapping[str, int]) -> Any:
    gone = datetime.combine(day + _RETENTION, time(), UTC)
    names = {f"#{n}": name for n, name in enumerate(counts)}
    values = {f":{n}": count for n, count in enumerate(counts.values())}
    return {
        "TableName": table,
        "Key": attributes(key),
        "UpdateExpression": (
            f"ADD {', '.join(f'#{n} :{n}' for n in range(len(counts)))} SET expires_at = :gone"
        ),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": attributes({**values, ":gone": int(gone.timestamp())}),
    }


def _partition(tenant: str, key_id: str | None) -> str:
    return f"{tenant}#usage" if key_id is None else f"{tenant}#usage#{key_id}"


def _mark_key(log_id: str) -> Item:
    return attributes({"PK": log_id, "SK": "counted"})
