"""Measure the latency of streams, for the first byte and for each item, and their cost.

The cost is CPU and calls up to the first byte, and writes while an agent produces output.
"""

import asyncio
import http.client
import json
import statistics
import time
import urllib.parse
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

from bench import requests
from bench.cost import price_thousand
from bench.meter import Calls
from bench.price import LAMBDA_GB, Usage, price_million
from bench.report import Row, Section
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting, median
from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.adapters.dynamodb.output import DynamoOutputLog
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.core.write_output import OutputWriter
from jobs.docs.api.stream import app
from jobs.docs.docs_job import KIND, DocsJob
from jobs.docs.wiring import wiring as docs
from jobs.kit.api_gateway import CONTEXT_HEADER
from jobs.kit.clock import now
from jobs.kit.output.events import OutputItem
from jobs.messaging.message import KIND as MESSAGE
from jobs.messaging.speech import Speech
from local.cloud.aws import create_session
from local.kit.progress import step
from local.stack.local_stack import LocalStack

CREATED_JOBS: Final = 20
ITEMS: Final = 50
HOUR: Final = 3600_000
BUDGETS: Final = {"first byte": 1000, "item": 250}
NOTES: Final = """\
Latencies are 95th percentiles of wall clock time, through the local gateway. An item's latency is
the time from its storage to the client; before that, the worker buffers output for 200 ms. CPU and
calls are a warm streaming function's.

The dollars are computed: a worker with 1 GB for 5 minutes, with output during half of them, and a
reader for all of them, whose stream reads the job 8 times per second. Those of an answer are its
writes, and its reader's stream with two more reads per second.
"""
WORK_S: Final = 300
READS_PER_S: Final = 8
WARM_UP: Final = 5
CHECKS_PER_S: Final = 2
OUTPUT_S: Final = 3
ANSWER_S: Final = 10
WORD_INTERVAL_S: Final = 0.01


def run(setting: Setting) -> Section:
    stack = setting.stack
    with step(f"streams: {CREATED_JOBS} jobs, {ITEMS} items"):
        created = [time_create(stack) for _ in range(CREATED_JOBS)]
        items = time_items(stack)
    with open_sandbox(stack, "streams") as sandbox, step("streams: CPU and calls of one, writes"):
        opened = [measure_first_byte(sandbox) for _ in range(WARM_UP + CREATED_JOBS)][WARM_UP:]
        writes = measure_writes(sandbox)
        answer = measure_answer(sandbox)
    rows = [
        Row(
            name="create to the first byte: CPU", value=median([cpu for cpu, _ in opened]),
            unit="ms", details={"AWS calls": opened[-1][1].total},
        ),
        Row(
            name=f"output of an agent for {OUTPUT_S} s, a word every 10 ms",
            value=writes.total / OUTPUT_S, unit="writes/s",
            details={"WRU/s": writes.write_units / OUTPUT_S},
        ),
        Row(
            name=f"answer of an agent for {ANSWER_S} s, a word every 50 ms", value=answer.total,
            unit="writes", details={"WRU": answer.write_units},
        ),
        build_row("POST to the first byte, warm", created[1:], BUDGETS["first byte"]),
        build_row("storage of an item to its client", items, BUDGETS["item"]),
    ]  # fmt: skip
    services = price_million(estimate_usage(writes.write_units / OUTPUT_S))
    return Section(
        title="Streams", rows=rows, notes=NOTES,
        thousand={
            "documentation agents at work, 5 minutes, 1 reader": price_thousand(services),
            f"streamed answers of {ANSWER_S} seconds, 1 reader": price_thousand(
                price_million(estimate_answer(answer.write_units))
            ),
        },
    )  # fmt: skip


def estimate_usage(write_units_per_s: float) -> Usage:
    """Return the usage of an agent and its reader, in addition to any job's."""
    return Usage(
        invocations=2, lambda_ms=(1 / LAMBDA_GB + 1) * WORK_S * 1000,
        write_units=write_units_per_s * WORK_S / 2, read_units=READS_PER_S * WORK_S,
    )  # fmt: skip


def estimate_answer(write_units: float) -> Usage:
    """Return the usage of a streamed answer and its reader, in addition to the message's."""
    return Usage(
        requests=1, invocations=1, lambda_ms=ANSWER_S * 1000, write_units=write_units,
        read_units=(READS_PER_S + CHECKS_PER_S) * ANSWER_S,
    )  # fmt: skip


def build_row(name: str, times: list[float], budget: float) -> Row:
    return Row(
        name=name, value=statistics.quantiles(times, n=20)[-1], unit="ms", budget=budget,
        details={"ms median": statistics.median(times), "ms maximum": max(times)},
    )  # fmt: skip


def time_create(stack: LocalStack) -> float:
    start = time.monotonic()
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}]})
    with closing(connect(stack)) as connection:
        connection.request("POST", to_path(stack), body, to_headers(stack))
        connection.getresponse().read1(1)
        return (time.monotonic() - start) * 1000


def time_items(stack: LocalStack) -> list[float]:
    now = time.time_ns() // 1_000_000
    job = Job(
        id=new_job_id(now), tenant="demo", kind=KIND, request={"messages": [], "v": 1},
        created_at=now, changed_at=now, deadline=now + HOUR, retention=24 * HOUR,
        status=JobStatus.RUNNING, lease_until=now + HOUR,
        details=DocsJob(
            project=stack.seeded["docsAgents"]["projectId"],
            branch="bench", model="sonnet", repository="none",
        ),
    )  # fmt: skip
    with (
        closing(create_session().client("dynamodb", endpoint_url=stack.aws_endpoint_url)) as client,
        closing(connect(stack)) as connection,
    ):
        DynamoJobRepository(client, stack.outputs["JobTableName"], lambda: now, kinds.storage).add(
            job
        )
        log = DynamoOutputLog(client, stack.outputs["OutputTableName"])
        connection.request("GET", f"{to_path(stack)}/{job.id}/stream", headers=to_headers(stack))
        response, times = connection.getresponse(), []
        for number in range(1, ITEMS + 1):
            time.sleep(number % 7 / 20)  # vary the distance to the stream's next read
            item = OutputItem(number=number, events=[{"t": "text", "text": "word"}])
            log.append(job.ref, item, expires_at=job.gone_at)
            stored_at = time.monotonic()
            while not response.readline().startswith(b"0:"):
                pass
            times.append((time.monotonic() - stored_at) * 1000)
        return times


def measure_first_byte(sandbox: Sandbox) -> tuple[float, Calls]:
    """Return the CPU time in ms and the calls of a new job's stream, up to its first byte."""
    body = json.dumps({"messages": [{"role": "user", "content": "say Hello"}]}).encode()
    context = json.dumps({"authorizer": requests.DOCS_CALLER}).encode()
    path = f"/v1/agent/{requests.PROJECT}/job"
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": path, "query_string": b"",
        "raw_path": path.encode(), "headers": [(CONTEXT_HEADER.encode(), context)],
    }  # fmt: skip
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    cpu, calls = 0.0, Calls()

    async def stream() -> None:
        arrived = asyncio.Event()
        start = time.process_time()

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            await arrived.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal cpu
            if message.get("body") and not arrived.is_set():
                cpu = (time.process_time() - start) * 1000
                calls.add(counted)
                arrived.set()

        with sandbox.meter.counting() as counted:
            await app(scope, receive, send)

    asyncio.run(stream())
    return cpu, calls


def measure_answer(sandbox: Sandbox) -> Calls:
    """Return the calls of a message's worker whose agent speaks."""
    moment = now()
    job = Job(
        id=new_job_id(moment), tenant=requests.TENANT, kind=MESSAGE, request={"agentId": "bench"},
        created_at=moment, changed_at=moment, deadline=moment + HOUR, retention=24 * HOUR,
        attempt=1,
    )  # fmt: skip
    with sandbox.meter.counting() as calls, closing(Speech(docs.core.output_log, job)) as speech:
        for _ in range(round(ANSWER_S / 0.05)):
            speech.say("word ")
            time.sleep(0.05)
    return calls


def measure_writes(sandbox: Sandbox) -> Calls:
    """Return the calls of a writer whose agent produces a word at a time."""
    moment = now()
    job = Job(
        id=new_job_id(moment), tenant=requests.TENANT, kind=KIND, request={"messages": []},
        created_at=moment, changed_at=moment, deadline=moment + HOUR, retention=24 * HOUR,
    )  # fmt: skip
    with sandbox.meter.counting() as calls, OutputWriter(docs.core.output_log, job) as emit:
        for _ in range(round(OUTPUT_S / WORD_INTERVAL_S)):
            emit({"t": "text", "text": "word "})
            time.sleep(WORD_INTERVAL_S)
    return calls


def connect(stack: LocalStack) -> http.client.HTTPConnection:
    address = urllib.parse.urlsplit(stack.base_url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)


def to_path(stack: LocalStack) -> str:
    return f"/v1/agent/{stack.seeded['docsAgents']['projectId']}/job"


def to_headers(stack: LocalStack) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.seeded['docsAgents']['apiKey']}"}
