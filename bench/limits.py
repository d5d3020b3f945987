"""Which limit a growing number of jobs reaches first, from the measured calls of a job."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched, cycle
from typing import Final
from unittest.mock import patch

from bench import requests
from bench.hot_keys import BY_STATUS
from bench.meter import Calls
from bench.price import estimate_billed_ms
from bench.recording import Recording, Runner
from bench.report import Row, Section, format_figure
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from local.cloud.template import load_template
from local.kit.paths import ROOT
from local.kit.progress import step

SHARDS: Final = (1, 4, 8)
JOBS: Final = 48
"""Each number of shards divides it, and a tenant has slots for as many."""
RATES: Final = (50, 300, 1000, 10_000)
DISPATCH_BATCH: Final = 50
PUBLISH_BATCH: Final = 100
DISPATCHERS: Final = 10
"""Template: BatchSize and ParallelizationFactor of DispatchJobs and PublishEvents."""
AGENT_S: Final = 1.0
"""Assumed: how long an agent takes."""
REQUESTS: Final = 2
"""Assumed: a create, and one read of the answer."""

PARTITION_WRITES: Final = 1000
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"""
TABLE_WRITES: Final = {"new table": 4000, "quota of a table": 40_000}
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""
STARTS: Final = 150
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, most regions"""
PUT_EVENTS: Final = 2400
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, eu-central-1"""
LAMBDAS: Final = 1000
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
API_REQUESTS: Final = 10_000
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
IN_FLIGHT: Final = 120_000
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""

READS: Final = {
    "list of 50": ("messaging.list_jobs", requests.list_jobs()),
    "list of 50, by status": ("messaging.list_jobs", requests.list_jobs(status="completed")),
    "health": ("messaging.get_health", requests.request()),
}
KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "job items": ("JobTable", r"\w+#messaging(#\d+)?"),
    "index by status": (BY_STATUS, r".*"),
    "counters": ("CounterTable", r"\w+#messaging(#\d+)?"),
    "usage": ("CounterTable", r"\w+#usage.*"),
    "slots": ("JobTable", r".*#slots.*"),
    "rate limit": ("MissionTable", r"LIMIT#.*"),
}
"""Each by its table or index, and a pattern of its partition keys."""
KEYS_LIFT: Final = {
    "slots": "has groups from 100 slots on",
    "rate limit": "has more items above 15,000 messages a minute",
}
WRITES_LIFT: Final = {
    "new table": "time, or warm throughput",
    "quota of a table": "quota",
}
NOTES: Final = f"""\
Units of the hottest partition key for one job of one tenant, at one, four and eight shards, whose
ids come in turn. Jobs are created one by one, dispatched in batches of {DISPATCH_BATCH} once they
have run, and counted in batches of {PUBLISH_BATCH}. A partition takes {PARTITION_WRITES:,} units a
second.

limits: jobs a second at which each is reached, if all jobs belong to one tenant, an agent takes
{AGENT_S:g} s, and a job has {REQUESTS} requests. Quotas are AWS's usual values in eu-central-1.
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`lift` is what raises it."""

    name: str
    jobs_a_second: float
    lift: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One job's share of a run. `hottest` is units by name of `KEYS`, `reads` are of all jobs."""

    hottest: Mapping[str, float]
    by_table: Mapping[str, float]
    calls: Mapping[str, float]
    lambda_ms: float
    dispatch_ms: float
    publish_ms: float
    reads: Mapping[str, Calls]


def run(setting: Setting) -> Section:
    with open_sandbox(setting.stack, "limits") as sandbox, step(f"limits: {JOBS} jobs, thrice"):
        measured = {shards: measure(sandbox, shards) for shards in SHARDS}
        limits = sorted(find_limits(measured), key=lambda limit: limit.jobs_a_second)
    rows = [
        *(build_key_row(name, measured) for name in KEYS),
        *(build_read_row(name, shards, calls)
          for shards, each in measured.items() for name, calls in each.reads.items()),
        *(Row(name=f"limit: {each.name}", value=each.jobs_a_second, unit="jobs/s", note=each.lift)
          for each in limits),
        *(build_rate_row(rate, limits) for rate in RATES),
    ]  # fmt: skip
    return Section(title="Limits", rows=rows, notes=NOTES)


def measure(sandbox: Sandbox, shards: int) -> Measured:
    os.environ["TENANT_SHARDS"] = str(shards)
    sandbox.forget()
    in_turn = cycle(range(shards))
    with patch("secrets.randbelow", lambda limit: next(in_turn) % limit):
        sandbox.ask("messaging.create_job", requests.create())  # fills the caches
        sandbox.free_slots()
        found = measure_jobs(Runner(sandbox))
    sandbox.ask("messaging.list_jobs", requests.list_jobs(limit=1))
    reads = {name: sandbox.count_calls(*each) for name, each in READS.items()}
    return replace(found, reads=reads)


def measure_jobs(runner: Runner) -> Measured:
    recording = runner.recording = Recording()
    position = runner.latest("JOB_TABLE")
    drain(runner)  # the message of the job that has filled the caches
    for _ in range(JOBS):
        runner.serve("create", "messaging.create_job", requests.create())
    created, _ = runner.records(position)
    for message in drain(runner):
        runner.work("run", "workers.run_agent_job", {"Records": [message]})
    new = [each for each in created if each["eventName"] == "INSERT" and has_status(each)]
    dispatch_ms = run_batches(runner, "dispatch", "workers.dispatch_jobs", new, DISPATCH_BATCH)
    changed, _ = runner.records(position)
    changes = [each for each in changed if has_status(each)]
    if len(changes) < 3 * JOBS:
        raise RuntimeError(f"{JOBS} jobs made {len(changes)} changes of status")
    publish_ms = run_batches(runner, "publish", "workers.publish_events", changes, PUBLISH_BATCH)
    return build_measured(recording, dispatch_ms, publish_ms)


def build_measured(recording: Recording, dispatch_ms: float, publish_ms: float) -> Measured:
    calls = recording.calls
    by_table: dict[str, float] = defaultdict(float)
    for (table, _), units in calls.written.items():
        by_table[table.rpartition("-")[2]] += units / JOBS
    total_ms = estimate_billed_ms(cpu_ms=recording.cpu_ms, calls=calls.total)
    return Measured(
        hottest={name: find_hottest(calls.written, *KEYS[name]) / JOBS for name in KEYS},
        by_table=by_table,
        calls={name: count / JOBS for name, count in calls.count.items()},
        lambda_ms=total_ms / JOBS,
        dispatch_ms=dispatch_ms / JOBS,
        publish_ms=publish_ms / JOBS,
        reads={},
    )


def find_hottest(written: Mapping[tuple[str, str], float], table: str, pattern: str) -> float:
    keys = [
        units
        for (name, key), units in written.items()
        if name.rpartition("-")[2] == table and re.fullmatch(pattern, key)
    ]
    return max(keys)


def run_batches(
    runner: Runner, name: str, handler: str, records: Sequence[object], size: int
) -> float:
    """Return the estimated time on Lambda."""
    recording = runner.recording
    cpu_ms, calls = recording.cpu_ms, recording.calls.total
    for some in batched(records, size, strict=False):
        runner.work(name, handler, {"Records": some})
    return estimate_billed_ms(cpu_ms=recording.cpu_ms - cpu_ms, calls=recording.calls.total - calls)


def drain(runner: Runner) -> list[object]:
    found: list[object] = []
    while some := runner.take_all("AGENT_QUEUE_URL"):
        found += some
    return found


def has_status(record: Mapping[str, Mapping[str, Mapping[str, object]]]) -> bool:
    return "status" in record["dynamodb"].get("NewImage", {})


def find_limits(measured: Mapping[int, Measured]) -> Iterator[Limit]:
    parameters = load_template(ROOT / "template.yaml")["Parameters"]

    def default(name: str) -> float:
        return float(parameters[name]["Default"])

    job = measured[1]
    yield Limit(
        "messages of a tenant",
        default("MessagesPerMinute") / 60,
        "MessagesPerMinute, or the tenant's messagesPerMinute",
    )
    yield Limit(
        "agents of a tenant",
        default("AgentTenantConcurrency") / AGENT_S,
        "AgentTenantConcurrency, or the tenant's agentConcurrency",
    )
    yield Limit("agents of all tenants", default("AgentConcurrency") / AGENT_S, "AgentConcurrency")
    yield Limit(
        "requests to the stage", default("ThrottleRate") / REQUESTS, "ThrottleRate, ThrottleBurst"
    )
    yield Limit("requests to API Gateway", API_REQUESTS / REQUESTS, "quota")
    starts = job.calls["stepfunctions StartExecution"]
    yield Limit("starts of executions", STARTS / starts, "Deadlines=queue, or the quota")
    yield Limit("PutEvents", PUT_EVENTS / job.calls["events PutEvents"], "quota")
    yield Limit("Lambda", LAMBDAS / (job.lambda_ms / 1000 + AGENT_S), "quota")
    yield Limit("messages in flight", IN_FLIGHT / AGENT_S, "quota")
    yield Limit("dispatch of a partition", DISPATCHERS * 1000 / job.dispatch_ms, "TenantShards")
    yield Limit("events of a partition", 1000 / job.publish_ms, "TenantShards")
    for name, units in TABLE_WRITES.items():
        for table in ("JobTable", BY_STATUS, "CounterTable"):
            yield Limit(f"{table}: {name}", units / job.by_table[table], WRITES_LIFT[name])
    for shards, each in measured.items():
        for name, hottest in each.hottest.items():
            if shards == 1 or hottest < job.hottest[name]:
                lift = KEYS_LIFT.get(name, "TenantShards")
                yield Limit(f"{name}, {shards} shards", PARTITION_WRITES / hottest, lift)


def build_key_row(name: str, measured: Mapping[int, Measured]) -> Row:
    units = {shards: each.hottest[name] for shards, each in measured.items()}
    note = ", ".join(f"{format_figure(n)} at {shards} shards" for shards, n in units.items())
    return Row(name=f"hottest key: {name}", value=units[1], unit="WRU", note=note)


def build_read_row(name: str, shards: int, calls: Calls) -> Row:
    """All calls of a table run at the same time."""
    return Row(
        name=f"{name}, {shards} shards",
        value=calls.total,
        unit="calls",
        budget=2 * shards,
        details={"RRU": calls.read_units},
    )


def build_rate_row(rate: float, limits: Sequence[Limit]) -> Row:
    """`limits` are in order."""
    reached = [limit.name for limit in limits if limit.jobs_a_second < rate]
    return Row(name=f"below {rate:,} jobs/s", value=len(reached), unit="limits",
               note=", ".join(reached) or "none")  # fmt: skip
