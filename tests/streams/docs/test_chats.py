"""Chats of the npm package AI SDK, and the npm package eventsource, unmodified."""

import pytest

from jobs.core.job import Job
from jobs.docs.create_docs_job import NewDocsJob
from jobs.docs.docs_job import docs_job_of
from jobs.docs.wiring import wiring as docs
from jobs.kit.asgi import CONTEXT_HEADER
from tests.streams.conftest import PATH, World, context

START = {"t": "start", "id": "msg_1"}
STEP = {"t": "step-start", "id": "msg_1"}
END = [
    {"t": "step-finish", "reason": "stop", "in": 3, "out": 4},
    {"t": "finish", "reason": "stop", "in": 3, "out": 4},
]


class Worker:
    """Creates jobs and ends them at once; `slow` jobs only after a job named `finish`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._create = world.create()
        self._slow: list[Job] = []
        self.jobs: list[tuple[NewDocsJob, str]] = []

    def __call__(self, new: NewDocsJob) -> Job:
        job = self._create(new)
        self.jobs.append((new, docs_job_of(job).branch))
        content = new.messages[-1]["content"]
        self._world.append_output(job.id, START, STEP, {"t": "text", "text": f"Re: {content}"})
        if content == "slow":
            self._slow.append(job)
            return job
        for each in (job, *(self._slow if content == "finish" else ())):
            self._end(each)
        return job

    def _end(self, job: Job) -> None:
        stored = self._world.job(job.id)
        if not stored.status.is_terminal:
            self._world.append_output(job.id, *END, end=True)
            self._world.repository.save(stored.cancel(now=self._world.clock()), replacing=stored)
        self._world.clock.advance(1)  # so that ids are in order


@pytest.fixture
def worker(world, rewire) -> Worker:
    made = Worker(world)
    rewire(docs, create_and_send=made)
    return made


@pytest.fixture
def server(port) -> dict[str, object]:
    return {"api": f"http://127.0.0.1:{port}{PATH}", "headers": {CONTEXT_HEADER: context()}}


def test_chats_of_ai_sdk_4_to_7_work_unmodified(node, worker, server) -> None:
    seen = node("chat.mjs", server)

    user, answer = ["user", "Hello"], ["assistant", "Re: Hello"]
    slow = [["user", "Hello"], ["user", "slow"], ["assistant", "Re: slow"]]
    assert seen.pop("4") == {"first": [answer]}
    for version in ("5", "6", "7"):
        assert seen[version] == {
            "unknown": [],
            "first": [user, answer],
            "regenerated": [user, answer],
            "resumed": slow,
            "ended": slow,
        }
    _, _, (third, _) = of_five = [each for each in worker.jobs if each[0].chat == "chat-5"]
    assert [each["content"] for each in third.messages] == ["Hello", "Re: Hello", "slow"]
    assert len({branch for _, branch in of_five}) == 1


def test_event_source_stops_after_the_end(node, worker, server, ask) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    job_id = ask("POST", PATH, body).getheader("X-Session-Id")

    seen = node(
        "event_source.mjs",
        {"url": f"{server['api']}/{job_id}/stream", "headers": server["headers"]},
    )

    assert seen["statuses"] == [200, 204]
    assert seen["data"].count("[DONE]") == 1
