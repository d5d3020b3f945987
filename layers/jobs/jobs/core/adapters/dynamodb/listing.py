"""A tenant's jobs, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import batched, islice
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.job import Job
from jobs.core.ports import Listing, Page
from jobs.kit.aws.dynamodb.attributes import Stored, attributes
from jobs.kit.aws.dynamodb.batch import get_all
from jobs.kit.clock import Millis

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MAX_BYTES: Final = 5 * 2**19
"""Of bodies in a page: a Lambda response has 6 MB at most, and escaping may double quotes."""
_JOBS_A_BATCH: Final = 25
_AFTER_ALL_IDS: Final = "~"


@dataclass(kw_only=True)
class Search:
    """A search for one page of a listing. `known`, the number of jobs, bounds the search."""

    client: "DynamoDBClient"
    table: str
    codec: JobItems
    listing: Listing
    known: int
    now: Millis
    _live_count: int = 0

    def page(self) -> Page:
        jobs: list[Job] = []
        size = 0
        for job in self.with_status() if self.listing.statuses else self.all():
            size += items.size(job.request) + items.size(job.result)
            if len(jobs) == self.listing.limit or (jobs and size > _MAX_BYTES):
                return Page(jobs=jobs, more=True)
            jobs.append(job)
        return Page(jobs=jobs, more=False)

    @property
    def partition(self) -> str:
        return f"{self.listing.tenant}#{self.listing.kind}"

    def all(self) -> Iterator[Job]:
        """Query headers and bodies together: one call for a page of small jobs."""
        bodies: dict[str, Stored] = {}
        for item in self._items("PK", self.partition, ConsistentRead=True):
            if suffix := item["SK"]["S"][36:]:
                bodies[suffix] = item
            elif self._is_live(item):
                yield self.codec.to_job(item, bodies)
                bodies = {}

    def with_status(self) -> Iterator[Job]:
        """Query headers by index, then get the bodies that are stored apart."""
        found = merge(
            *(
                self._items("by_status", f"{self.partition}#{status}", IndexName="by_status")
                for status in sorted(self.listing.statuses)
            ),
            key=lambda item: item["SK"]["S"],
            reverse=True,
        )
        live = islice(filter(self._is_live, found), self.listing.limit + 1)
        for headers in batched(live, _JOBS_A_BATCH, strict=False):
            bodies = self._bodies(headers)
            for item in headers:
                own = {s: bodies.get(item["SK"]["S"] + s) for s in items.missing_bodies(item)}
                if None not in own.values():  # deleted between the two reads
                    yield self.codec.to_job(item, own)  # type: ignore[arg-type]

    def _items(self, attribute: str, value: str, **options: Any) -> Iterator[Stored]:
        """Page through a partition, newest first.

        Stops after a page that has only expired jobs, which TTL has not deleted yet, unless
        `known` counts more live jobs than the search has found.
        """
        query: dict[str, Any] = options | {
            "TableName": self.table,
            "KeyConditionExpression": f"{attribute} = :partition AND SK < :before",
            "ExpressionAttributeValues": attributes(
                {":partition": value, ":before": self.listing.before or _AFTER_ALL_IDS}
            ),
            "ScanIndexForward": False,
            "Limit": self.listing.limit + 1,
        }
        live = 0
        while True:
            page = self.client.query(**query)
            yield from page["Items"]
            headers = [item for item in page["Items"] if "status" in item]
            live_in_page = sum(map(self._is_live, headers))
            live += live_in_page
            self._live_count += live_in_page
            only_expired = headers and not live_in_page and self._live_count >= self.known
            if live > self.listing.limit or only_expired or "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            query["Limit"] = 3 * (self.listing.limit + 1 - live)

    def _is_live(self, item: Stored) -> bool:
        return "status" in item and int(item["expires_at"]["N"]) * 1000 > self.now

    def _bodies(self, headers: Sequence[Stored]) -> dict[str, Stored]:
        wanted = [
            items.key(items.ref_of(item), suffix)
            for item in headers
            for suffix in items.missing_bodies(item)
        ]
        found = get_all(self.client, self.table, wanted)
        return {item["SK"]["S"]: item for item in found}
