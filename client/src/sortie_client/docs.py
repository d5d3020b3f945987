"""Documentation agents: `sortie.docs`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import unquote

from sortie_client._calls import Reconnecting, Retries, call, new_key
from sortie_client._decode import Model, decode
from sortie_client._flow import Answer, Flow, Give, Giving, Read, Request
from sortie_client._operation import operation, stream
from sortie_client._polling import until
from sortie_client._sse import EventReader, ServerEvent
from sortie_client._wire import path, present
from sortie_client.errors import (
    ConnectionFailedError,
    JobFailedError,
    NotConfiguredError,
    UnexpectedAnswerError,
)
from sortie_client.settings import DocsKeys
from sortie_client.webhooks import URL_HEADER

_DONE: Final = "[DONE]"
_SILENCE_S: Final = 20.0
"""A stream says something every 5 s; one that is silent for so long is lost."""


@dataclass(frozen=True, kw_only=True)
class Source(Model):
    repository: str
    ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class AgentJob(Model):
    """`status`: active, completed, failed or archived; `pr_link`: of its pull request."""

    id: str
    status: str
    source: Source
    model: str
    created_at: datetime
    pr_link: str | None = None
    archived_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.status != "active"


@dataclass(frozen=True, kw_only=True)
class Todo(Model):
    id: str
    content: str
    status: str
    priority: str


@dataclass(frozen=True, kw_only=True)
class Session(Model):
    """The same job in the words of version 1; `halt_reason` is `processing` until it is over."""

    session_id: str
    branch: str
    halted: bool = field(metadata={"wire": "haulted"})
    halt_reason: str = field(metadata={"wire": "haultReason"})
    created_at: datetime
    subdomain: str = ""
    pull_request_link: str = ""
    message_to_user: str = ""
    title: str = ""
    todos: Sequence[Todo] = ()


@dataclass(frozen=True, kw_only=True)
class Sessions(Model):
    all_sessions: Sequence[Session]


@dataclass(frozen=True, kw_only=True)
class DocsEvent:
    """Something that an agent has said or done: a part of the AI SDK's UI message stream.

    `type` is that part's, such as `text-delta` or `tool-input-available`, `data` all of it. The
    first of a stream is `opened`, and there before the agent has said anything. `id` is where to
    go on `after`.
    """

    type: str
    data: Mapping[str, Any]
    job_id: str
    branch: str
    id: str | None = None


class DocsCalls:
    """Each call is about the settings' project, unless it names one."""

    def __init__(self, player: Any, keys: DocsKeys | None, retries: Retries) -> None:
        self._player = player
        self._keys = keys
        self._retries = retries

    @stream
    def run(
        self,
        prompt: str,
        *,
        branch: str | None = None,
        model: Literal["sonnet", "opus"] | None = None,
        as_draft: bool | None = None,
        history: Sequence[Mapping[str, str]] = (),
        project: str | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Giving[DocsEvent, None]:
        """Have an agent write, and follow it to its end; a broken stream goes on where it broke.

        `history`: earlier messages, `{"role": …, "content": …}`. A stream that is left early ends
        nothing but itself: the agent works on.
        """
        body = present(
            messages=[*history, {"role": "user", "content": prompt}],
            branch=branch,
            model=model,
            asDraft=as_draft,
        )
        project = self._project(project)
        create = self._request(
            "POST",
            path("v1", "agent", project, "job"),
            body=body,
            headers=_told(webhook_url, idempotency_key),
        )
        yield from self._follow(create, project, None)

    @stream
    def follow(
        self, job_id: str, *, after: str | None = None, project: str | None = None
    ) -> Giving[DocsEvent, None]:
        """Join a job's stream: all of it, or what comes `after` an event's id."""
        project = self._project(project)
        yield from self._follow(self._join(project, job_id, after), project, after)

    @operation
    def create_job(
        self,
        prompt: str,
        *,
        project: str | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[AgentJob]:
        """Have an agent write, without watching it."""
        where = path("v2", "agent", self._project(project), "job")
        answer = yield from self._call(
            "POST", where, body={"prompt": prompt}, headers=_told(webhook_url, idempotency_key)
        )
        return decode(AgentJob, answer.json)

    @operation
    def get_job(self, job_id: str, *, project: str | None = None) -> Flow[AgentJob]:
        return (yield from self._job(self._project(project), job_id))

    @operation
    def message_job(
        self,
        job_id: str,
        prompt: str,
        *,
        project: str | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[AgentJob]:
        """Have the agent do something more on the same branch, when it is through with the rest."""
        where = path("v2", "agent", self._project(project), "job", job_id, "message")
        answer = yield from self._call(
            "POST", where, body={"prompt": prompt}, headers=_told(webhook_url, idempotency_key)
        )
        return decode(AgentJob, answer.json)

    @operation
    def poll_job(
        self,
        job_id: str,
        interval: float = 2.0,
        max_attempts: int | None = None,
        *,
        project: str | None = None,
    ) -> Giving[AgentJob, AgentJob]:
        """Wait until the agent has stopped. Raises `JobFailedError`, `StillRunningError`."""
        named = self._project(project)
        job = yield from until(
            lambda: self._job(named, job_id),
            lambda job: job.is_over,
            interval=interval,
            max_attempts=max_attempts,
        )
        if job.status == "failed":
            session = yield from self._session(named, job_id)
            raise JobFailedError(session.message_to_user or session.halt_reason, job)
        return job

    @operation
    def get_session(self, job_id: str, *, project: str | None = None) -> Flow[Session]:
        """Return what there is to tell of a job: message, title, what is to be done."""
        return (yield from self._session(self._project(project), job_id))

    @operation
    def list_sessions(
        self, *, skip: int | None = None, take: int | None = None, project: str | None = None
    ) -> Flow[Sequence[Session]]:
        """List a project's jobs, newest first."""
        where = path("v1", "agent", self._project(project), "jobs")
        answer = yield from self._call("GET", where, query={"skip": skip, "take": take})
        return decode(Sessions, answer.json).all_sessions

    def _job(self, project: str, job_id: str) -> Flow[AgentJob]:
        answer = yield from self._call("GET", path("v2", "agent", project, "job", job_id))
        return decode(AgentJob, answer.json)

    def _session(self, project: str, job_id: str) -> Flow[Session]:
        answer = yield from self._call("GET", path("v1", "agent", project, "job", job_id))
        return decode(Session, answer.json)

    def _follow(self, request: Request, project: str, seen: str | None) -> Giving[DocsEvent, None]:
        """Read a stream until it says that it is done, joining it again whenever it breaks off."""
        opened: DocsEvent | None = None
        reconnecting = Reconnecting(self._retries)
        while True:
            request = replace(request, streamed=True, seconds=_SILENCE_S)
            answer = yield from call(request, self._retries)
            if opened is None:
                opened = _opened(answer)
                yield Give(opened)
            reader = EventReader()
            broken: ConnectionFailedError | None = None
            try:
                while (piece := (yield Read())) is not None:
                    for event in reader.feed(piece):
                        reconnecting.got_something()
                        seen = event.id or seen
                        if event.data == _DONE:
                            return
                        yield Give(_event(event, opened))
            except ConnectionFailedError as error:
                broken = error
            yield reconnecting.pause(broken)
            request = self._join(project, opened.job_id, seen)

    def _join(self, project: str, job_id: str, after: str | None) -> Request:
        since = present(**{"Last-Event-ID": after})
        return self._request(
            "GET", path("v1", "agent", project, "job", job_id, "stream"), headers=since
        )

    def _project(self, named: str | None) -> str:
        project = named or (self._keys.project if self._keys else None)
        if not project:
            raise NotConfiguredError("No project is named: set SORTIE_PROJECT, or say which")
        return project

    def _call(self, method: str, where: str, **more: Any) -> Flow[Answer]:
        return call(self._request(method, where, **more), self._retries)

    def _request(
        self, method: str, where: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Request:
        if self._keys is None:
            raise NotConfiguredError(
                "Documentation agents need SORTIE_DOCS_API_KEY, or Settings(docs=…)"
            )
        mine = {"Authorization": f"Bearer {self._keys.api_key}", "Accept": "text/event-stream"}
        return Request(method=method, path=where, headers={**mine, **(headers or {})}, **more)


def _told(webhook_url: str | None, idempotency_key: str | None) -> Mapping[str, str]:
    return {**new_key(idempotency_key), **present(**{URL_HEADER: webhook_url})}


def _opened(answer: Answer) -> DocsEvent:
    try:
        job_id, branch = answer.headers["x-session-id"], answer.headers["x-branch-name"]
    except KeyError as error:
        raise UnexpectedAnswerError(f"A stream has no {error}") from error
    return DocsEvent(type="opened", data={}, job_id=job_id, branch=unquote(branch))


def _event(event: ServerEvent, opened: DocsEvent) -> DocsEvent:
    try:
        data = json.loads(event.data)
        return replace(opened, type=str(data["type"]), data=data, id=event.id)
    except (ValueError, TypeError, KeyError) as error:
        raise UnexpectedAnswerError("A stream has an event that is none") from error
