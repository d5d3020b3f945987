"""What sessions ask of AWS, and all that one message of a session costs."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final, override

import httpx

from bench import cost, requests
from bench.calls import Operation, measured
from bench.cost import a_thousand, usage
from bench.course import Course
from bench.job import POLLER_REQUESTS, Line, money, walked
from bench.report import Section
from bench.scene import Scene, scene
from bench.setting import Setting
from jobs.core.adapters import messages
from jobs.core.job import JobRef
from jobs.kit.asgi import CONTEXT_HEADER
from jobs.sessions.api.stream import app
from local.kit.progress import step

NOTES: Final = """\
us-east-1 list prices and Lambda's time as above. A message that is answered at once and looked for
in the session's messages once; the last of a session that had some before, which its agent is told.

A message that waits for its answer, or streams it, costs no further request, but the function's
time meanwhile: $6.67 a million for each second, and looks at the job of half a read unit, 2 to 10
a second.
"""


def run(setting: Setting) -> Section:
    with scene(setting.stack, "sessions") as stage, step("sessions: requests, and a message"):
        session = opened(stage)
        rows = [measured(stage, name, each) for name, each in operations(session).items()]
        conversation = Conversation(stage, session)
        course, cpu, logged = walked(conversation, stage, quick=setting.quick)
    services, beside = money(course, cpu, logged)
    return Section(
        title="Sessions",
        rows=[
            *rows,
            *course.rows(),
            course.total(lambda_ms=usage(course, cpu_ms=cpu).lambda_ms),
            *cost.rows("a million messages of sessions", services, beside),
        ],
        notes=NOTES,
        thousand={"messages of sessions": a_thousand(services, beside)},
    )


def opened(stage: Scene) -> str:
    body = {"agentId": requests.AGENT, "userId": requests.USER}
    made = stage.ask("sessions.create_session", requests.request(body=body))
    return str(made["sessionId"])


def operations(session: str) -> Mapping[str, Operation]:
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


class Conversation(Line):
    """Messages of one session, each of which is answered before the next."""

    def __init__(self, stage: Scene, session: str) -> None:
        super().__init__(stage)
        self._session = session

    @override
    def run(self) -> Course:
        course = self.course = Course()
        job_id = course.job_id = self._say("Good evening")
        self.work("dispatch", "workers.dispatch_jobs", {"Records": self.changes()})
        self.work("run", "workers.run_agent_job", {"Records": [self.message("AGENT_QUEUE_URL")]})
        course.polled = POLLER_REQUESTS
        *_, ended = self.changes()
        self.work("dispatch", "workers.dispatch_jobs", {"Records": [ended]})
        read = requests.request(path={"sessionId": self._session}, query={"limit": "2"})
        newest = self.serve("read", "sessions.list_messages", read)["messages"][0]
        if not newest["isAgent"]:
            raise RuntimeError("the message has not been answered")
        ref = JobRef(tenant=requests.TENANT, dialect="messaging", id=job_id)
        self.work("deadline", "workers.expire_job", messages.spelled(ref))
        return course

    def _say(self, content: str) -> str:
        self.course.requests += 1
        answer = self.invoke("say", lambda: asyncio.run(self._post({"content": content})))
        self.course.answer_bytes += len(answer.content)
        said: Any = answer.raise_for_status().json()
        return str(said["userMessage"]["id"])

    async def _post(self, body: object) -> httpx.Response:
        context = json.dumps({"authorizer": {"tenant": requests.TENANT}})
        path = f"/api/messaging/sessions/{self._session}/messages"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.post(path, json=body, headers={CONTEXT_HEADER: context})
