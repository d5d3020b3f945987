"""The Python client against the deployed stack, both ways of calling it."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.stack.launch import LocalStack
from sortie_client import (
    AsyncSortie,
    BadRequestError,
    ConflictError,
    DocsEvent,
    JobFailedError,
    MissionStatus,
    NotFoundError,
    PermissionDeniedError,
    Settings,
    Sortie,
    Webhook,
)
from tests.e2e.api import USER, Api, eventually

FAST = {"simulate": {"speed": "fast"}}
FLOWN = ["PENDING", "QUEUED", "INPROGRESS", "COMPLETED"]
PLAN = "say One\n---\nsleep 1\n---\nsay Two\n---\nwrite docs/{name}.md\n# {name}\n---\nsay Three"


@pytest.fixture
def demo(stack: LocalStack, tmp_path) -> Settings:
    """What is found where `make up` runs."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack.description()))
    return Settings.find({}, tmp_path)


@pytest.fixture
def sortie(demo: Settings) -> Iterator[Sortie]:
    with Sortie(demo) as client:
        yield client


def of(api: Api) -> Settings:
    return Settings(api.base_url, api_key=api.key)


class Breaking(httpx.HTTPTransport):
    """Loses answers: all of them the first time, a stream's after so many pieces each time."""

    def __init__(self, *, lose: str = "", cut_after: int | None = None) -> None:
        super().__init__()
        self._lose = lose
        self._cut_after = cut_after
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = super().handle_request(request)
        if request.method == self._lose and len(self.requests) == 1:
            response.read()
            raise httpx.ReadError("the answer is lost")
        if self._cut_after and "event-stream" in response.headers.get("Content-Type", ""):
            response.stream = Cut(response.stream, self._cut_after)
        return response


class Cut(httpx.SyncByteStream):
    def __init__(self, whole: Any, pieces: int) -> None:
        self._whole = whole
        self._left = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._whole:
            if self._left == 0:
                yield piece[: len(piece) // 2]
                raise httpx.ReadError("the stream is cut")
            self._left -= 1
            yield piece

    def close(self) -> None:
        self._whole.close()


def test_an_agent_answers(api: Api) -> None:
    with Sortie(of(api)) as sortie:
        [agent] = sortie.messaging.list_agents()
        metadata = {"deep": [1.5, {"snake_case": 2**60}]}

        job = sortie.messaging.create_and_wait_for_job(USER, "Anybody?", metadata=metadata)

        assert job.result
        assert (job.result.message.content, job.agent_id) == ("Anybody?", agent.id)
        assert job.metadata == metadata
        assert sortie.messaging.get_job(job.job_id) == job


def test_and_so_it_does_to_those_who_await(api: Api) -> None:
    async def ask() -> list[str]:
        async with AsyncSortie(of(api)) as sortie:
            jobs = await asyncio.gather(
                *(sortie.messaging.create_and_wait_for_job(USER, text) for text in ("One", "Two"))
            )
            return [job.result.message.content for job in jobs if job.result]

    assert asyncio.run(ask()) == ["One", "Two"]


def test_a_job_that_fails_raises(api: Api) -> None:
    with Sortie(of(api)) as sortie, pytest.raises(JobFailedError, match="because"):
        sortie.messaging.create_and_wait_for_job(USER, "/fail because")


def test_jobs_are_cancelled_listed_and_counted(api: Api) -> None:
    with Sortie(of(api)) as sortie:
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


def test_a_create_whose_answer_is_lost_is_one_job(api: Api) -> None:
    transport = Breaking(lose="POST")

    with Sortie(of(api), transport=transport) as sortie:
        created = sortie.messaging.create_job(USER, "Once")

        assert len(transport.requests) == 2
        assert [job.job_id for job in sortie.messaging.list_jobs().jobs] == [created.job_id]


def test_a_conversation_is_held_renewed_and_forgotten(api: Api) -> None:
    with Sortie(of(api)) as sortie:
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


def test_what_webhooks_were_sent_can_be_seen(api: Api) -> None:
    hook = Webhook("http://127.0.0.1:9/hooks", ["completed"])
    with Sortie(of(api)) as sortie:
        job = sortie.messaging.create_and_wait_for_job(USER, "Tell them", webhook=hook)

        [delivery] = eventually(lambda: sortie.webhooks.list_deliveries(job.job_id), len)

        assert (delivery.event, delivery.url) == ("completed", hook.url)


def test_a_mission_is_watched_from_the_request_to_the_landing(sortie: Sortie) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=10)
    mission = sortie.missions.create_job(
        "Round", "harbour", mission_id="harbour-round", scheduled_at=soon, metadata=FAST
    )

    states = [seen.job_state for seen in sortie.missions.watch(mission.job_id)]

    told = list(dict.fromkeys(states))
    assert told == [state for state in FLOWN if state in told]
    assert told[-1] == "COMPLETED"
    flown = sortie.missions.poll_job(mission.job_id)
    assert (flown.device_group_id, flown.completed_at is not None) == ("harbour", True)


def test_and_by_those_who_await(demo: Settings) -> None:
    async def fly() -> list[str | None]:
        async with AsyncSortie(demo) as sortie:
            mission = await sortie.missions.create_job(
                "Round", "quarry", mission_id="quarry-survey", metadata=FAST
            )
            async with aclosing(sortie.missions.watch(mission.job_id)) as sightings:
                return [seen.job_state async for seen in sightings]

    assert asyncio.run(fly())[-1] == "COMPLETED"


def test_missions_are_changed_called_off_and_forgotten(sortie: Sortie) -> None:
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


def test_drones_and_shares(sortie: Sortie) -> None:
    assert {group.device_group_id for group in sortie.missions.list_resources()} == {
        "harbour", "quarry"
    }  # fmt: skip
    share = sortie.missions.create_share("harbour", expires_in=60)

    assert share.share_code in [each.share_code for each in sortie.missions.list_shares()]
    sortie.missions.revoke_share(share.share_code)
    with pytest.raises(NotFoundError):
        sortie.missions.get_share(share.share_code)


def test_what_is_not_there_cannot_be_watched(sortie: Sortie) -> None:
    with pytest.raises(PermissionDeniedError):
        next(sortie.missions.watch(str(uuid4())))


@pytest.fixture
def plan() -> Callable[[], str]:
    return lambda: PLAN.replace("{name}", f"page-{uuid4().hex[:8]}")


def words(events: list[DocsEvent]) -> list[Mapping[str, Any]]:
    return [event.data for event in events]


def test_a_documentation_agent_is_read_along_and_written_to(sortie: Sortie, plan, clone) -> None:
    text = plan()
    [name] = [line.split("/")[1] for line in text.splitlines() if line.startswith("write")]

    opened, *seen = list(sortie.docs.run(text))
    job = sortie.docs.poll_job(opened.job_id)

    assert (seen[0].type, seen[-1].type) == ("start", "finish")
    said = "".join(event.data["delta"] for event in seen if event.type == "text-delta")
    assert [word for word in ("One", "Two", "Three") if word in said] == ["One", "Two", "Three"]
    assert clone(opened.branch).read(f"docs/{name}").startswith("# page-")
    assert (job.source.ref, job.status) == (opened.branch, "completed")
    more = sortie.docs.message_job(job.id, "say More")
    assert sortie.docs.poll_job(more.id).status == "completed"
    assert opened.job_id in [each.session_id for each in sortie.docs.list_sessions()]


@pytest.mark.parametrize("cut_after", [1, 2])
def test_a_stream_that_is_cut_again_and_again_misses_nothing(demo, sortie, plan, cut_after) -> None:
    transport = Breaking(cut_after=cut_after)
    with Sortie(demo, transport=transport) as cut:
        seen = list(cut.docs.run(plan()))

    whole = list(sortie.docs.follow(seen[0].job_id))

    assert len(transport.requests) > 1
    assert words(seen[1:]) == words(whole[1:])


def test_a_run_whose_answer_is_lost_is_one_job(demo, sortie: Sortie) -> None:
    transport = Breaking(lose="POST")
    before = {each.session_id for each in sortie.docs.list_sessions(take=100)}

    with Sortie(demo, transport=transport) as losing:
        opened, *_ = list(losing.docs.run("say Once"))

    after = {each.session_id for each in sortie.docs.list_sessions(take=100)}
    assert [request.method for request in transport.requests] == ["POST", "POST"]
    assert after - before == {opened.job_id}
