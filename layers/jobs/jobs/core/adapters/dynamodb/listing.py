"""A tenant's jobs, newest first.

Each shard is a partition of the table, and one of the index for each status. A search reads a page
of each at the same time, and merges them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import batched, islice
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.job import Job
from jobs.core.ports import Listing, Page
from jobs.kit.aws.dynamodb.attributes import Stored, attributes
from jobs.kit.aws.dynamodb.batch import get_all
from jobs.kit.clock import Millis
from jobs.kit.parallel import map_parallel

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MAX_BYTES: Final = 5 * 2**19
"""Of bodies in a page: a Lambda response has 6 MB at most, and escaping may double quotes."""
_JOBS_A_BATCH: Final = 25
_AFTER_ALL_IDS: Final = "~"

type StoredJob = tuple[Stored, Mapping[str, Stored]]
"""A header, and the bodies that are stored apart, by the suffix of their sort key."""


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
    _oldest: str = ""

    def page(self) -> Page:
        jobs: list[Job] = []
        size = 0
        for header, bodies in self.with_status() if self.listing.statuses else self.all():
            size += items.stored_size(header, bodies)
            if len(jobs) == self.listing.limit or (jobs and size > _MAX_BYTES):
                return Page(jobs=jobs, more=True)
            jobs.append(self.codec.to_job(header, bodies))
        return Page(jobs=jobs, more=False)

    @property
    def _partitions(self) -> Sequence[str]:
        return [
            items.shard_key(self.listing.tenant, self.listing.kind, shard)
            for shard in range(self.listing.shards)
        ]

    def all(self) -> Iterator[StoredJob]:
        """Query headers and bodies together: one call for a page of small jobs in each shard."""
        found = self._items("PK", self._partitions, ConsistentRead=True)
        shards = map(self._with_bodies, found)
        return merge(*shards, key=lambda job: job[0]["SK"]["S"], reverse=True)

    def _with_bodies(self, found: Iterator[Stored]) -> Iterator[StoredJob]:
        bodies: dict[str, Stored] = {}
        for item in found:
            if suffix := item["SK"]["S"][36:]:
                bodies[suffix] = item
            elif self._is_live(item):
                yield item, bodies
                bodies = {}

    def with_status(self) -> Iterator[StoredJob]:
        """Query headers by index, then get the bodies that are stored apart."""
        keys = [
            f"{partition}#{status}"
            for status in sorted(self.listing.statuses)
            for partition in self._partitions
        ]
        found = merge(
            *self._items("by_status", keys, IndexName="by_status"),
            key=lambda item: item["SK"]["S"],
            reverse=True,
        )
        live = islice(filter(self._is_live, found), self.listing.limit + 1)
        for headers in batched(live, _JOBS_A_BATCH):
            bodies = self._bodies(headers)
            for item in headers:
                own = {s: bodies.get(item["SK"]["S"] + s) for s in items.missing_bodies(item)}
                if None not in own.values():  # deleted between the two reads
                    yield item, own  # type: ignore[misc]

    def _items(
        self, attribute: str, partitions: Sequence[str], **options: Any
    ) -> Sequence[Iterator[Stored]]:
        """Return the items of each partition, newest first. Reads the first pages together."""
        queries: list[dict[str, Any]] = [
            options
            | {
                "TableName": self.table,
                "KeyConditionExpression": f"{attribute} = :partition AND SK < :before",
                "ExpressionAttributeValues": attributes(
                    {":partition": partition, ":before": self.listing.before or _AFTER_ALL_IDS}
                ),
                "ScanIndexForward": False,
                "Limit": _first_limit(self.listing),
            }
            for partition in partitions
        ]
        pages = map_parallel(lambda query: self.client.query(**query), queries)
        live = [item["SK"]["S"] for page in pages for item in page["Items"] if self._is_live(item)]
        self._live_count = len(live)
        if len(live) > self.listing.limit:  # the search ends at this job, in each partition
            self._oldest = sorted(live, reverse=True)[self.listing.limit]
        return [*map(self._page_through, queries, pages)]

    def _page_through(self, query: dict[str, Any], page: Any) -> Iterator[Stored]:
        """Yield the items of a partition, from its first page on.

        Stops after a page that has only expired jobs, which TTL has not deleted yet, unless
        `known` counts more live jobs than the search has found.
        """
        live = 0
        while True:
            yield from page["Items"]
            headers = [item for item in page["Items"] if "status" in item]
            live_in_page = sum(map(self._is_live, headers))
            live += live_in_page
            only_expired = headers and not live_in_page and self._live_count >= self.known
            if live > self.listing.limit or only_expired or "LastEvaluatedKey" not in page:
                return
            if page["LastEvaluatedKey"]["SK"]["S"] <= self._oldest:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            query["Limit"] = 3 * (self.listing.limit + 1 - live)
            page = self.client.query(**query)
            self._live_count += sum(map(self._is_live, page["Items"]))

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


def _first_limit(listing: Listing) -> int:
    """Return how many items of each shard nearly always contain its part of a page.

    Ids are spread over shards at random: four standard deviations more than the mean.
    """
    wanted = listing.limit + 1
    mean = wanted / listing.shards
    return min(wanted, ceil(mean + 4 * sqrt(mean)))
