"""How long a stream keeps its client waiting: for the first byte, and for what was said."""

import http.client
import json
import statistics
import time
import urllib.parse
from contextlib import closing
from typing import Final

from bench.report import Row, Section
from bench.setting import Setting
from jobs.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.adapters.dynamodb.output import DynamoOutputLog
from jobs.docs_ports import OutputItem
from jobs.domain.docs import DIALECT, Session
from jobs.domain.identity import new_job_id
from jobs.domain.job import Job
from jobs.domain.status import JobStatus
from local.aws import session
from local.progress import step
from local.stack import LocalStack

CREATED: Final = 20
SAID: Final = 50
HOUR: Final = 3600_000
BUDGETS: Final = {"first byte": 1000, "pieces": 250}
NOTES: Final = """\
95th percentiles, through the local gateway, by the wall clock. An item: from when it was stored to
when the client had it; the worker gathers what the agent says for 250 ms at most before it stores
it.
"""


def run(setting: Setting) -> Section:
    stack = setting.stack
    with step(f"streams: {CREATED} created, {SAID} pieces said"):
        created = [created_in(stack) for _ in range(CREATED)]
        said = said_in(stack)
    rows = [
        row("POST to the first byte, warm", created[1:], BUDGETS["first byte"]),
        row("an item to its client", said, BUDGETS["pieces"]),
    ]
    return Section(title="Streams", rows=rows, notes=NOTES)


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
        closing(session().client("dynamodb", endpoint_url=stack.aws_endpoint_url)) as client,
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


def connection(stack: LocalStack) -> http.client.HTTPConnection:
    where = urllib.parse.urlsplit(stack.base_url)
    return http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)


def path(stack: LocalStack) -> str:
    return f"/v1/agent/{stack.seeded['docsAgents']['projectId']}/job"


def credential(stack: LocalStack) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.seeded['docsAgents']['apiKey']}"}
