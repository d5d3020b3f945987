"""How long a stream keeps its client waiting: for the first byte, and for what was said.

And what that costs: CPU and calls up to the first byte, writes while an agent talks.
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
from bench.cost import a_thousand
from bench.meter import Calls
from bench.price import LAMBDA_GB, Usage, per_million
from bench.report import Row, Section
from bench.scene import Scene, scene
from bench.setting import Setting, median
from jobs.core import wiring as bootstrap
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs import wiring as docs_bootstrap
from jobs.docs.adapters.dynamodb.output import DynamoOutputLog
from jobs.docs.api.stream import app
from jobs.docs.docs_job import DIALECT, Session
from jobs.docs.ports import OutputItem
from jobs.docs.write_output import OutputWriter
from jobs.kit.asgi import CONTEXT_HEADER
from local.cloud.aws import create_session
from local.kit.progress import step
from local.stack.local_stack import LocalStack

CREATED: Final = 20
SAID: Final = 50
HOUR: Final = 3600_000
BUDGETS: Final = {"first byte": 1000, "pieces": 250}
NOTES: Final = """\
Milliseconds of waiting are 95th percentiles, through the local gateway, by the wall clock. An
item: from when it was stored to when the client had it; the worker gathers what the agent says
for 200 ms before it stores it. CPU and calls are the streaming function's, once it is warm.

The dollars are reckoned: a worker with 1 GB for 5 minutes, which talks for half of them, and a
reader for all of them, who has the job looked at 8 times a second.
"""
WORK_S: Final = 300
LOOKS: Final = 8
WARM_UP: Final = 5
TALK_S: Final = 3
WORD_S: Final = 0.01


def run(setting: Setting) -> Section:
    stack = setting.stack
    with step(f"streams: {CREATED} created, {SAID} pieces said"):
        created = [created_in(stack) for _ in range(CREATED)]
        said = said_in(stack)
    with scene(stack, "streams") as stage, step("streams: CPU and calls of one, writes of a talk"):
        opened = [first_byte(stage) for _ in range(WARM_UP + CREATED)][WARM_UP:]
        talked = written_in(stage)
    rows = [
        Row(
            what="create to the first byte: CPU", value=median([cpu for cpu, _ in opened]),
            unit="ms", beside={"calls of AWS": opened[-1][1].total},
        ),
        Row(
            what=f"an agent that talks for {TALK_S} s, a word each 10 ms",
            value=talked.total / TALK_S, unit="writes/s",
            beside={"WRU/s": talked.write_units / TALK_S},
        ),
        row("POST to the first byte, warm", created[1:], BUDGETS["first byte"]),
        row("an item to its client", said, BUDGETS["pieces"]),
    ]  # fmt: skip
    services = per_million(work(talked.write_units / TALK_S))
    return Section(
        title="Streams", rows=rows, notes=NOTES,
        thousand={"documentation agents at work, 5 minutes, 1 reader": a_thousand(services)},
    )  # fmt: skip


def work(units_a_second: float) -> Usage:
    """What an agent and its reader use beside what is asked for any job."""
    return Usage(
        invocations=2, lambda_ms=(1 / LAMBDA_GB + 1) * WORK_S * 1000,
        write_units=units_a_second * WORK_S / 2, read_units=LOOKS * WORK_S,
    )  # fmt: skip


def row(what: str, taken: list[float], budget: float) -> Row:
    return Row(
        what=what, value=statistics.quantiles(taken, n=20)[-1], unit="ms", budget=budget,
        beside={"ms median": statistics.median(taken), "ms longest": max(taken)},
    )  # fmt: skip


def created_in(stack: LocalStack) -> float:
    began = time.monotonic()
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}]})
    with closing(connection(stack)) as there:
        there.request("POST", path(stack), body, credential(stack))
        there.getresponse().read1(1)
        return (time.monotonic() - began) * 1000


def said_in(stack: LocalStack) -> list[float]:
    now = time.time_ns() // 1_000_000
    job = Job(
        id=new_job_id(now), tenant="demo", dialect=DIALECT, request={"messages": [], "v": 1},
        created_at=now, changed_at=now, deadline=now + HOUR, retention=24 * HOUR,
        status=JobStatus.RUNNING, lease_until=now + HOUR,
        session=Session(
            project=stack.seeded["docsAgents"]["projectId"],
            branch="bench", model="sonnet", repository="none",
        ),
    )  # fmt: skip
    with (
        closing(create_session().client("dynamodb", endpoint_url=stack.aws_endpoint_url)) as client,
        closing(connection(stack)) as there,
    ):
        DynamoJobRepository(client, stack.outputs["JobTableName"], lambda: now).add(job)
        log = DynamoOutputLog(client, stack.outputs["OutputTableName"])
        there.request("GET", f"{path(stack)}/{job.id}/stream", headers=credential(stack))
        answer, taken = there.getresponse(), []
        for number in range(1, SAID + 1):
            time.sleep(number % 7 / 20)  # the next look is not always as far away
            said = OutputItem(number=number, events=[{"t": "text", "text": "word"}])
            log.append(job.ref, said, expires_at=job.gone_at)
            stored = time.monotonic()
            while not answer.readline().startswith(b"0:"):
                pass
            taken.append((time.monotonic() - stored) * 1000)
        return taken


def first_byte(stage: Scene) -> tuple[float, Calls]:
    """CPU (ms) and calls of a created job's stream, up to its first byte."""
    body = json.dumps({"messages": [{"role": "user", "content": "say Hello"}]}).encode()
    context = json.dumps({"authorizer": requests.WRITER}).encode()
    path = f"/v1/agent/{requests.PROJECT}/job"
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": path, "query_string": b"",
        "raw_path": path.encode(), "headers": [(CONTEXT_HEADER.encode(), context)],
    }  # fmt: skip
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    cpu, calls = 0.0, Calls()

    async def stream() -> None:
        come = asyncio.Event()
        began = time.process_time()

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            await come.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal cpu
            if message.get("body") and not come.is_set():
                cpu = (time.process_time() - began) * 1000
                calls.add(counted)
                come.set()

        with stage.meter.counting() as counted:
            await app(scope, receive, send)

    asyncio.run(stream())
    return cpu, calls


def written_in(stage: Scene) -> Calls:
    """Calls of a writer whose agent says a word now and again."""
    now = bootstrap.now()
    job = Job(
        id=new_job_id(now), tenant=requests.TENANT, dialect=DIALECT, request={"messages": []},
        created_at=now, changed_at=now, deadline=now + HOUR, retention=24 * HOUR,
    )  # fmt: skip
    with stage.meter.counting() as calls, OutputWriter(docs_bootstrap.output_log(), job) as emit:
        for _ in range(round(TALK_S / WORD_S)):
            emit({"t": "text", "text": "word "})
            time.sleep(WORD_S)
    return calls


def connection(stack: LocalStack) -> http.client.HTTPConnection:
    where = urllib.parse.urlsplit(stack.base_url)
    return http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)


def path(stack: LocalStack) -> str:
    return f"/v1/agent/{stack.seeded['docsAgents']['projectId']}/job"


def credential(stack: LocalStack) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.seeded['docsAgents']['apiKey']}"}
