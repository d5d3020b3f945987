"""A tenant's jobs, newest first."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import batched, islice
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.items import Stored, attributes
from jobs.core.job import Job, Millis
from jobs.core.ports import Listing, Page
from jobs.kit.aws.dynamodb.batch import get_all

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MOST_BYTES: Final = 5 * 2**19
"""Of bodies in one page: Lambda answers 6 MB at most, and quotes may double on the way."""
_JOBS_A_BATCH: Final = 25
_AFTER_ALL_IDS: Final = "~"


def newest(
    client: "DynamoDBClient", table: str, listing: Listing, *, known: int, now: Millis
) -> Page:
    search = _Search(client, table, listing, known=known, now=now)
    jobs: list[Job] = []
    size = 0
    for job in search.with_status() if listing.statuses else search.all():
        size += items.size(job.request) + items.size(job.result)
        if len(jobs) == listing.limit or (jobs and size > _MOST_BYTES):
            return Page(jobs=jobs, more=True)
        jobs.append(job)
    return Page(jobs=jobs, more=False)


class _Search:
    def __init__(
        self, client: "DynamoDBClient", table: str, listing: Listing, *, known: int, now: Millis
    ) -> None:
        self._client = client
        self._table = table
        self._listing = listing
        self._known = known
        self._now = now
        self._found = 0
        self._partition = f"{listing.tenant}#{listing.dialect}"

    def all(self) -> Iterator[Job]:
        """Read headers and bodies as they lie, side by side: one query for a page of small jobs."""
        bodies: dict[str, Stored] = {}
        for item in self._items("PK", self._partition, ConsistentRead=True):
            if suffix := item["SK"]["S"][36:]:
                bodies[suffix] = item
            elif self._is_live(item):
                yield items.to_job(item, bodies)
                bodies = {}

    def with_status(self) -> Iterator[Job]:
        """Read headers from the index, and after them only the bodies that they do not hold."""
        found = merge(
            *(
                self._items("by_status", f"{self._partition}#{status}", IndexName="by_status")
                for status in sorted(self._listing.statuses)
            ),
            key=lambda item: item["SK"]["S"],
            reverse=True,
        )
        live = islice(filter(self._is_live, found), self._listing.limit + 1)
        for headers in batched(live, _JOBS_A_BATCH, strict=False):
            bodies = self._bodies(headers)
            for item in headers:
                own = {s: bodies.get(item["SK"]["S"] + s) for s in items.missing_bodies(item)}
                if None not in own.values():  # deleted between the two reads
                    yield items.to_job(item, own)  # type: ignore[arg-type]

    def _items(self, attribute: str, value: str, **options: Any) -> Iterator[Stored]:
        """Page through a partition, newest first.

        Ends where only jobs are left that TTL should have deleted: after a page of such ones
        alone, unless more live ones are known to be there, in this partition or another.
        """
        query: dict[str, Any] = options | {
            "TableName": self._table,
            "KeyConditionExpression": f"{attribute} = :partition AND SK < :before",
            "ExpressionAttributeValues": attributes(
                {":partition": value, ":before": self._listing.before or _AFTER_ALL_IDS}
            ),
            "ScanIndexForward": False,
            "Limit": self._listing.limit + 1,
        }
        live = 0
        while True:
            page = self._client.query(**query)
            yield from page["Items"]
            headers = [item for item in page["Items"] if "status" in item]
            live_here = sum(map(self._is_live, headers))
            live += live_here
            self._found += live_here
            only_gone = headers and not live_here and self._found >= self._known
            if live > self._listing.limit or only_gone or "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            query["Limit"] = 3 * (self._listing.limit + 1 - live)

    def _is_live(self, item: Stored) -> bool:
        return "status" in item and int(item["expires_at"]["N"]) * 1000 > self._now

    def _bodies(self, headers: Sequence[Stored]) -> dict[str, Stored]:
        wanted = [
            items.key(items.ref_of(item), suffix)
            for item in headers
            for suffix in items.missing_bodies(item)
        ]
        found = get_all(self._client, self._table, wanted)
        return {item["SK"]["S"]: item for item in found}
