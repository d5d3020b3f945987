"""Measure the AWS calls of sessions, and the whole cost of a message in a session."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final, override

import httpx

from bench import cost, requests
from bench.calls import Operation, measure_operation
from bench.cost import compute_usage, price_thousand
from bench.job import POLLER_REQUESTS, MessageRunner, price_jobs, run_jobs
from bench.recording import Recording
from bench.report import Section
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from jobs.core.job import JobRef
from jobs.kit.api_gateway import CONTEXT_HEADER
from jobs.sessions.api.stream import app
from local.kit.progress import step

NOTES: Final = """\
List prices of us-east-1 and Lambda's time as above. The agent answers at once, and the client reads
the session's messages once. The session has earlier messages, which the agent receives.

A message that waits for its answer, or streams it, needs no further request. It costs the
function's time, $6.67 per million and second, and reads of the job of half a read unit, 2 to 10 per
second.
"""


def run(setting: Setting) -> Section:
    with (
        open_sandbox(setting.stack, "sessions") as sandbox,
        step("sessions: requests, and a message"),
    ):
        session = open_session(sandbox)
        rows = [
            measure_operation(sandbox, name, each)
            for name, each in build_operations(session).items()
        ]
        runner = SessionRunner(sandbox, session)
        recording, cpu, logged = run_jobs(runner, sandbox, quick=setting.quick)
    services, extras = price_jobs(recording, cpu, logged)
    return Section(
        title="Sessions",
        rows=[
            *rows,
            *recording.rows(),
            recording.total(lambda_ms=compute_usage(recording, cpu_ms=cpu).lambda_ms),
            *cost.build_rows("a million messages of sessions", services, extras),
        ],
        notes=NOTES,
        thousand={"messages of sessions": price_thousand(services, extras)},
    )


def open_session(sandbox: Sandbox) -> str:
    body = {"agentId": requests.AGENT, "userId": requests.USER}
    created = sandbox.ask("sessions.create_session", requests.request(body=body))
    return str(created["sessionId"])


def build_operations(session: str) -> Mapping[str, Operation]:
    def of_session() -> requests.Event:
        return requests.request(path={"sessionId": session})

    body = {"agentId": requests.AGENT, "userId": requests.USER}
    return {
        "session: create": Operation(
            "sessions.create_session", lambda: requests.request(body=body)
        ),
        "session: get": Operation("sessions.get_session", of_session),
        "session: heartbeat": Operation("sessions.send_heartbeat", of_session),
        "session: renew": Operation("sessions.renew_session", of_session),
        "session: messages": Operation("sessions.list_messages", of_session),
        "session: list": Operation("sessions.list_sessions", requests.request),
        "session: health": Operation("sessions.get_health", requests.request),
    }


class SessionRunner(MessageRunner):
    """Sends messages in one session, each after the answer to the last."""

    def __init__(self, sandbox: Sandbox, session: str) -> None:
        super().__init__(sandbox)
        self._session = session

    @override
    def run(self) -> Recording:
        recording = self.recording = Recording()
        job_id = recording.job_id = self._send("Good evening")
        created = self.changes()
        self.work("run", "workers.run_agent_job", {"Records": [self.message("AGENT_QUEUE_URL")]})
        self.work("dispatch", "workers.dispatch_jobs", {"Records": created})
        recording.polled = POLLER_REQUESTS
        *_, ended = self.changes()
        self.work("dispatch", "workers.dispatch_jobs", {"Records": [ended]})
        read = requests.request(path={"sessionId": self._session}, query={"limit": "2"})
        newest = self.serve("read", "sessions.list_messages", read)["messages"][0]
        if not newest["isAgent"]:
            raise RuntimeError("the agent has not answered the message")
        ref = JobRef(tenant=requests.TENANT, kind="messaging", id=job_id)
        self.end_at_deadline(ref)
        return recording

    def _send(self, content: str) -> str:
        self.recording.requests += 1
        answer = self.invoke("send", lambda: asyncio.run(self._post({"content": content})))
        self.recording.answer_bytes += len(answer.content)
        body: Any = answer.raise_for_status().json()
        return str(body["userMessage"]["id"])

    async def _post(self, body: object) -> httpx.Response:
        context = json.dumps({"authorizer": {"tenant": requests.TENANT}})
        path = f"/api/messaging/sessions/{self._session}/messages"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.post(path, json=body, headers={CONTEXT_HEADER: context})
