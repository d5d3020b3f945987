"""Whether a request costs more the more jobs are stored."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, Final

from bench import requests
from bench.meter import Calls
from bench.report import Row, Section
from bench.scene import Scene, scene
from bench.setting import Setting
from jobs.core import wiring as bootstrap
from jobs.core.adapters.dynamodb import items
from jobs.core.ids import new_job_id
from jobs.core.job import Job, Millis
from jobs.core.status import JobStatus
from local.kit.progress import step

SIZES: Final = (100, 10_000, 100_000)
QUICK_MOST: Final = 10_000
BATCH: Final = 25
DOT: Final = 5_000
DAY_MS: Final[Millis] = 24 * 3600 * 1000
SPREAD_MS: Final[Millis] = DAY_MS - 30 * 60 * 1000
"""Over nearly the whole retention time, so that each quarter of an hour has jobs at every size."""
FLAT: Final = 1.1
"""Sizes of single items differ by some bytes, so units may differ by one."""
NOTES: Final = """\
The growth of what grows most in a warm request; one tenant, whose jobs have ended over the last
23 hours, written directly into tables of the template's schema.
"""

type Figures = Mapping[str, Calls]


def run(setting: Setting) -> Section:
    sizes = [size for size in SIZES if not setting.quick or size <= QUICK_MOST]
    measured: dict[int, Figures] = {}
    with scene(setting.stack, "scale") as stage:
        store, stored = Store(stage), 0
        for size in sizes:
            store.add(size - stored)
            stored = size
            measured[size] = figures(stage, store)
    rows = [row(name, measured) for name in measured[sizes[0]]]
    title = f"Growth, {' / '.join(f'{size:,}' for size in sizes)} jobs"
    return Section(title=title, rows=rows, notes=NOTES)


class Store:
    """One tenant's ended jobs, and counts that agree with them."""

    def __init__(self, stage: Scene) -> None:
        self._dynamodb = stage.client("dynamodb")
        self._tables = stage.environment
        self._now = bootstrap.now()
        self._buckets: dict[str, int] = {}
        self._processing_ms = 1500
        self.some_id = ""

    def add(self, count: int) -> None:
        with step(f"scale: storing {count:,} jobs, a dot for {DOT:,}"):
            for number, some in enumerate(batched(self._jobs(count), BATCH, strict=False), 1):
                self._write("JOB_TABLE", [items.header(job, write_id="0" * 12) for job in some])
                if number * BATCH % DOT == 0:
                    sys.stdout.write(".")
                    sys.stdout.flush()
        for some_buckets in batched(self._counts(), BATCH, strict=False):
            self._write("COUNTER_TABLE", some_buckets)

    def _jobs(self, count: int) -> Iterator[Job]:
        for number in range(count):
            created = self._now - SPREAD_MS + SPREAD_MS * number // count
            job = Job(
                id=new_job_id(created),
                tenant=requests.TENANT,
                dialect="messaging",
                request=REQUEST,
                created_at=created,
                changed_at=created + self._processing_ms,
                ended_at=created + self._processing_ms,
                deadline=created + 30_000,
                retention=DAY_MS,
                status=JobStatus.SUCCEEDED,
                sequence=3,
                attempt=1,
                result={"id": requests.USER, "content": "Hello"},
            )
            bucket = f"{items.ttl(job):010d}"
            self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
            self.some_id = self.some_id or job.id
            yield job

    def _counts(self) -> Iterator[items.Item]:
        for bucket, count in self._buckets.items():
            yield items.attributes({
                "PK": f"{requests.TENANT}#messaging",
                "SK": bucket,
                JobStatus.SUCCEEDED.value: count,
                "processing_ms": count * self._processing_ms,
                "expires_at": int(bucket) + DAY_MS // 1000,
            })  # fmt: skip

    def _write(self, table: str, rows: Sequence[items.Item]) -> None:
        wanted: Any = {self._tables[table]: [{"PutRequest": {"Item": row}} for row in rows]}
        while wanted:
            wanted = self._dynamodb.batch_write_item(RequestItems=wanted)["UnprocessedItems"]


REQUEST: Final = {
    "agentId": requests.AGENT,
    "userId": requests.USER,
    "content": "Hello",
    "metadata": {},
}


def figures(stage: Scene, store: Store) -> Figures:
    events = {
        "get": ("messaging.get_job", requests.of_job(store.some_id)),
        "list of 50": ("messaging.list_jobs", requests.listing()),
        "list of 50, by status": (
            "messaging.list_jobs",
            requests.listing(status="completed"),
        ),
        "health": ("messaging.get_health", requests.request()),
        "create": ("messaging.create_job", requests.create()),
    }
    for handler, event in events.values():
        stage.ask(handler, event)
    return {name: stage.counted(handler, event) for name, (handler, event) in events.items()}


def row(name: str, measured: Mapping[int, Figures]) -> Row:
    """The growth of what dearest grows: calls, items read, units."""
    calls = [each[name] for each in measured.values()]
    series: Mapping[str, Sequence[float]] = {
        "calls": [each.total for each in calls],
        "items read": [each.items_read for each in calls],
        "RRU": [each.read_units for each in calls],
        "WRU": [each.write_units for each in calls],
    }
    growth = max(max(values) / (min(values) or 1) for values in series.values() if max(values))
    shown = {what: values for what, values in series.items() if max(values)}
    note = ", ".join(f"{what} {' / '.join(f'{n:g}' for n in ns)}" for what, ns in shown.items())
    return Row(what=name, value=growth, unit="times", budget=FLAT, note=note)
