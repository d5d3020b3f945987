"""Measure whether a request's cost grows with the number of stored jobs."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, Final

from bench import requests
from bench.meter import Calls
from bench.report import Row, Section
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from jobs import kinds
from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.aws.dynamodb.attributes import Item, attributes
from jobs.kit.clock import Millis, now
from local.kit.progress import step

SIZES: Final = (100, 10_000, 100_000)
MAX_QUICK_SIZE: Final = 10_000
BATCH_SIZE: Final = 25
JOBS_PER_DOT: Final = 5_000
DAY_MS: Final[Millis] = 24 * 3600 * 1000
SPREAD_MS: Final[Millis] = DAY_MS - 30 * 60 * 1000
"""Nearly the whole retention time, so that each quarter of an hour has jobs at every size."""
MAX_GROWTH: Final = 1.1
"""Sizes of single items differ by some bytes, so units may differ by one."""
NOTES: Final = """\
The largest growth of any figure of a warm request. One tenant's jobs have ended over the last 23
hours; they are written directly into tables of the template's schema.
"""

type Figures = Mapping[str, Calls]


def run(setting: Setting) -> Section:
    sizes = [size for size in SIZES if not setting.quick or size <= MAX_QUICK_SIZE]
    measured: dict[int, Figures] = {}
    with open_sandbox(setting.stack, "scale") as sandbox:
        store, stored = Store(sandbox), 0
        for size in sizes:
            store.add(size - stored)
            stored = size
            measured[size] = measure_calls(sandbox, store)
    rows = [build_row(name, measured) for name in measured[sizes[0]]]
    title = f"Growth, {' / '.join(f'{size:,}' for size in sizes)} jobs"
    return Section(title=title, rows=rows, notes=NOTES)


class Store:
    """One tenant's ended jobs, with matching counters."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._dynamodb = sandbox.client("dynamodb")
        self._tables = sandbox.environment
        self._now = now()
        self._buckets: dict[str, int] = {}
        self._processing_ms = 1500
        self.example_id = ""

    def add(self, count: int) -> None:
        with step(f"scale: storing {count:,} jobs, a dot per {JOBS_PER_DOT:,}"):
            codec = JobItems(kinds.storage)
            batches = batched(self._jobs(count), BATCH_SIZE, strict=False)
            for number, jobs in enumerate(batches, 1):
                self._write("JOB_TABLE", [codec.header(job, write_id="0" * 12) for job in jobs])
                if number * BATCH_SIZE % JOBS_PER_DOT == 0:
                    sys.stdout.write(".")
                    sys.stdout.flush()
        for counters in batched(self._counts(), BATCH_SIZE, strict=False):
            self._write("COUNTER_TABLE", counters)

    def _jobs(self, count: int) -> Iterator[Job]:
        for number in range(count):
            created = self._now - SPREAD_MS + SPREAD_MS * number // count
            job = Job(
                id=new_job_id(created),
                tenant=requests.TENANT,
                kind="messaging",
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
            self.example_id = self.example_id or job.id
            yield job

    def _counts(self) -> Iterator[Item]:
        for bucket, count in self._buckets.items():
            yield attributes({
                "PK": f"{requests.TENANT}#messaging",
                "SK": bucket,
                JobStatus.SUCCEEDED.value: count,
                "processing_ms": count * self._processing_ms,
                "expires_at": int(bucket) + DAY_MS // 1000,
            })  # fmt: skip

    def _write(self, table: str, rows: Sequence[Item]) -> None:
        unprocessed: Any = {self._tables[table]: [{"PutRequest": {"Item": row}} for row in rows]}
        while unprocessed:
            response = self._dynamodb.batch_write_item(RequestItems=unprocessed)
            unprocessed = response["UnprocessedItems"]


REQUEST: Final = {
    "agentId": requests.AGENT,
    "userId": requests.USER,
    "content": "Hello",
    "metadata": {},
}


def measure_calls(sandbox: Sandbox, store: Store) -> Figures:
    events = {
        "get": ("messaging.get_job", requests.get_job(store.example_id)),
        "list of 50": ("messaging.list_jobs", requests.list_jobs()),
        "list of 50, by status": (
            "messaging.list_jobs",
            requests.list_jobs(status="completed"),
        ),
        "health": ("messaging.get_health", requests.request()),
        "create": ("messaging.create_job", requests.create()),
    }
    for handler, event in events.values():
        sandbox.ask(handler, event)
    return {name: sandbox.count_calls(handler, event) for name, (handler, event) in events.items()}


def build_row(name: str, measured: Mapping[int, Figures]) -> Row:
    """Return the largest growth of calls, read items and units."""
    calls = [each[name] for each in measured.values()]
    series: Mapping[str, Sequence[float]] = {
        "calls": [each.total for each in calls],
        "items read": [each.items_read for each in calls],
        "RRU": [each.read_units for each in calls],
        "WRU": [each.write_units for each in calls],
    }
    growth = max(max(values) / (min(values) or 1) for values in series.values() if max(values))
    shown = {figure: values for figure, values in series.items() if max(values)}
    note = ", ".join(f"{figure} {' / '.join(f'{n:g}' for n in ns)}" for figure, ns in shown.items())
    return Row(name=name, value=growth, unit="times", budget=MAX_GROWTH, note=note)
