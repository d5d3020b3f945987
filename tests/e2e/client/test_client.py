"""The Python client against the deployed stack."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.stack.local_stack import LocalStack
from local.stack.server_process import ServerStack
from sortie_client import (
    AsyncSortie,
    BadRequestError,
    ConflictError,
    JobFailedError,
    MissionStatus,
    NotFoundError,
    Settings,
    Sortie,
    Webhook,
)
from tests.e2e.api import USER, Api, eventually

BOTH_WAYS = True

FAST = {"simulate": {"speed": "fast"}}
FLOWN = ["PENDING", "QUEUED", "INPROGRESS", "COMPLETED"]
PLAN = "say One\n---\nsleep 1\n---\nsay Two\n---\nwrite docs/{name}.md\n# {name}\n---\nsay Three"


@pytest.fixture
def demo(stack: LocalStack | ServerStack, tmp_path) -> Settings:
    """The settings that a client finds where `make up` or `make serve` runs."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack.description()))
    return Settings.find({}, tmp_path)


@pytest.fixture
def sortie(demo: Settings) -> Iterator[Sortie]:
    with Sortie(demo) as client:
        yield client


def settings_of(api: Api) -> Settings:
    return Settings(api.base_url, api_key=api.key)


class Faulty(httpx.HTTPTransport):
    """Loses the first response of a method, and cuts each stream after some chunks."""

    def __init__(self, *, lose_first: str = "", cut_after: int | None = None) -> None:
        super().__init__()
        self._lose_first = lose_first
        self._cut_after = cut_after
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = super().handle_request(request)
        if request.method == self._lose_first and len(self.requests) == 1:
            response.read()
            raise httpx.ReadError("the response is lost")
        if self._cut_after and "event-stream" in response.headers.get("Content-Type", ""):
            response.stream = CutStream(response.stream, self._cut_after)
        return response


class CutStream(httpx.SyncByteStream):
    def __init__(self, stream: Any, chunks: int) -> None:
        self._stream = stream
        self._chunks_left = chunks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if self._chunks_left == 0:
                yield chunk[: len(chunk) // 2]
                raise httpx.ReadError("the stream is cut")
            self._chunks_left -= 1
            yield chunk

    def close(self) -> None:
        self._stream.close()


def test_message_job_returns_reply_and_metadata(api: Api) -> None:
    with Sortie(settings_of(api)) as sortie:
        [agent] = sortie.messaging.list_agents()
        metadata = {"deep": [1.5, {"snake_case": 2**60}]}

        job = sortie.messaging.create_and_wait_for_job(USER, "Anybody?", metadata=metadata)

        assert job.result
        assert (job.result.message.content, job.agent_id) == ("Anybody?", agent.id)
        assert job.metadata == metadata
        assert sortie.messaging.get_job(job.job_id) == job


def test_message_job_failed_raises(api: Api) -> None:
    with Sortie(settings_of(api)) as sortie, pytest.raises(JobFailedError, match="because"):
        sortie.messaging.create_and_wait_for_job(USER, "/fail because")


def test_message_jobs_are_cancelled_and_listed(api: Api) -> None:
    with Sortie(settings_of(api)) as sortie:
        silent = sortie.messaging.create_job(USER, "/silent", timeout_ms=60_000)
        done = sortie.messaging.create_and_wait_for_job(USER, "Hi")

        assert sortie.messaging.cancel_job(silent.job_id).error == "Job cancelled"
        with pytest.raises(ConflictError):
            sortie.messaging.cancel_job(silent.job_id)
        first = sortie.messaging.list_jobs(limit=1)
        second = sortie.messaging.list_jobs(limit=1, cursor=first.next_cursor)
        ids = [job.job_id for page in (first, second) for job in page.jobs]
        assert ids == [done.job_id, silent.job_id]
        with pytest.raises(NotFoundError):
            sortie.messaging.get_job(str(uuid4()))


def test_create_job_lost_response_creates_one_job(api: Api) -> None:
    transport = Faulty(lose_first="POST")

    with Sortie(settings_of(api), transport=transport) as sortie:
        created = sortie.messaging.create_job(USER, "Once")

        assert len(transport.requests) == 2
        assert [job.job_id for job in sortie.messaging.list_jobs().jobs] == [created.job_id]


def test_session_is_used_renewed_and_deleted(api: Api) -> None:
    with Sortie(settings_of(api)) as sortie:
        [agent] = sortie.messaging.list_agents()
        session = sortie.sessions.create_session(USER, agent.id, timeout_minutes=10)

        answer = sortie.sessions.send_message_and_wait(session.session_id, "Good evening")
        sent = sortie.sessions.send_message(session.session_id, "And good night")
        sortie.messaging.poll_job(sent.job.job_id)
        page = sortie.sessions.list_messages(session.session_id, limit=2)
        renewed = sortie.sessions.renew_session(session.session_id)
        changed = sortie.sessions.update_timeout(session.session_id, auto_renew=False)

        assert answer == "Good evening"
        assert [(it.content, it.is_agent) for it in page.messages] == [
            ("And good night", True), ("And good night", False)
        ]  # fmt: skip
        assert page.cursors
        older = sortie.sessions.list_messages(session.session_id, before=page.cursors.before)
        assert [it.content for it in older.messages] == ["Good evening"] * 2
        assert renewed.renewal_count == 3
        assert changed.timeout_config.auto_renew is False
        assert [it.session_id for it in sortie.sessions.list_sessions()] == [session.session_id]
        sortie.sessions.delete_session(session.session_id)
        with pytest.raises(NotFoundError):
            sortie.sessions.get_session(session.session_id)


def test_webhook_deliveries_are_listed(api: Api) -> None:
    hook = Webhook("http://127.0.0.1:9/hooks", ["completed"])
    with Sortie(settings_of(api)) as sortie:
        job = sortie.messaging.create_and_wait_for_job(USER, "Tell them", webhook=hook)

        [delivery] = eventually(lambda: sortie.webhooks.list_deliveries(job.job_id), len)

        assert (delivery.event, delivery.url) == ("completed", hook.url)


@pytest.mark.usefixtures("missions")
def test_mission_is_tracked_from_request_to_landing(sortie: Sortie) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=10)
    mission = sortie.missions.create_job(
        "Round", "harbour", mission_id="harbour-round", scheduled_at=soon, metadata=FAST
    )

    updates = list(sortie.missions.watch(mission.job_id))

    states = list(dict.fromkeys(update.job_state for update in updates))
    assert states == [state for state in FLOWN if state in states]
    assert states[-1] == "COMPLETED"
    flown = sortie.missions.poll_job(mission.job_id)
    assert (flown.device_group_id, flown.completed_at is not None) == ("harbour", True)


@pytest.mark.usefixtures("missions")
def test_async_client_sends_messages_and_tracks_a_mission(demo: Settings) -> None:
    async def ask(sortie: AsyncSortie, text: str) -> str | None:
        job = await sortie.messaging.create_and_wait_for_job(USER, text)
        return job.result.message.content if job.result else None

    async def fly(sortie: AsyncSortie) -> str | None:
        mission = await sortie.missions.create_job(
            "Round", "quarry", mission_id="quarry-survey", metadata=FAST
        )
        async with aclosing(sortie.missions.watch(mission.job_id)) as updates:
            return [update.job_state async for update in updates][-1]

    async def run() -> list[str | None]:
        async with AsyncSortie(demo) as sortie:
            return await asyncio.gather(ask(sortie, "One"), ask(sortie, "Two"), fly(sortie))

    assert asyncio.run(run()) == ["One", "Two", "COMPLETED"]


@pytest.mark.usefixtures("missions")
def test_mission_is_updated_cancelled_and_deleted(sortie: Sortie) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    job_id = sortie.missions.create_job("Later", "harbour", scheduled_at=tomorrow).job_id

    changed = sortie.missions.update_job(job_id, name="Much later", priority=1)
    sortie.missions.cancel_job(job_id)

    assert (changed.name, changed.priority) == ("Much later", 1)
    assert sortie.missions.get_job(job_id).status is MissionStatus.CANCELLED
    with pytest.raises(BadRequestError):
        sortie.missions.cancel_job(job_id)
    sortie.missions.delete_job(job_id)
    with pytest.raises(NotFoundError):
        sortie.missions.get_job(job_id)


@pytest.mark.usefixtures("missions")
def test_device_groups_are_listed_and_shared(sortie: Sortie) -> None:
    assert {group.device_group_id for group in sortie.missions.list_resources()} == {
        "harbour", "quarry"
    }  # fmt: skip
    share = sortie.missions.create_share("harbour", expires_in=60)

    assert share.share_code in [each.share_code for each in sortie.missions.list_shares()]
    sortie.missions.revoke_share(share.share_code)
    with pytest.raises(NotFoundError):
        sortie.missions.get_share(share.share_code)


@pytest.fixture
def plan() -> Callable[[], str]:
    return lambda: PLAN.replace("{name}", f"page-{uuid4().hex[:8]}")


def test_docs_job_streams_and_takes_a_message(sortie: Sortie, plan, clone) -> None:
    text = plan()
    [name] = [line.split("/")[1] for line in text.splitlines() if line.startswith("write")]

    opened, *events = sortie.docs.run(text)
    job = sortie.docs.poll_job(opened.job_id)

    assert (events[0].type, events[-1].type) == ("start", "finish")
    output = "".join(event.data["delta"] for event in events if event.type == "text-delta")
    assert [word for word in ("One", "Two", "Three") if word in output] == ["One", "Two", "Three"]
    assert clone(opened.branch).read(f"docs/{name}").startswith("# page-")
    assert (job.source.ref, job.status) == (opened.branch, "completed")
    more = sortie.docs.message_job(job.id, "say More")
    assert sortie.docs.poll_job(more.id).status == "completed"
    assert opened.job_id in [each.session_id for each in sortie.docs.list_jobs()]


def test_docs_stream_cut_repeatedly_misses_no_event(demo, sortie, plan) -> None:
    transport = Faulty(cut_after=1)
    with Sortie(demo, transport=transport) as cut:
        opened, *received = cut.docs.run(plan())

    _, *stored = sortie.docs.follow(opened.job_id)

    assert len(transport.requests) > 1
    assert [event.data for event in received] == [event.data for event in stored]
