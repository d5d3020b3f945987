"""The documentation agents' API: `sortie.docs`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import unquote

from sortie_client._core.flow import Emit, Flow, Receive, Request, Response, StreamFlow
from sortie_client._core.http import path, without_none
from sortie_client._core.models import decode
from sortie_client._core.operation import Api, operation, stream
from sortie_client._core.polling import poll
from sortie_client._core.retry import Reconnection, RetryPolicy, idempotency_header, send
from sortie_client._core.sse import EventParser, ServerEvent
from sortie_client.docs.models import DocsEvent, DocsJob, DocsJobDetails, DocsJobList
from sortie_client.errors import (
    ConnectionFailedError,
    JobFailedError,
    NotConfiguredError,
    UnexpectedResponseError,
)
from sortie_client.settings import DocsCredentials
from sortie_client.webhooks.models import URL_HEADER

_DONE: Final = "[DONE]"
_STREAM_TIMEOUT_S: Final = 20.0
"""The server sends something every 5 s."""


class DocsApi[R](Api[R]):
    """`project` defaults to the settings' project."""

    def __init__(
        self, runner: R, retry_policy: RetryPolicy, credentials: DocsCredentials | None
    ) -> None:
        super().__init__(runner, retry_policy)
        self._credentials = credentials

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
    ) -> StreamFlow[DocsEvent, None]:
        """Create a docs job and stream its events to the end. Reconnects a lost connection.

        `history`: earlier messages, `{"role": …, "content": …}`. The job continues if the caller
        leaves the stream early.
        """
        body = without_none(
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
            headers=_create_headers(webhook_url, idempotency_key),
        )
        yield from self._stream(create, project, None)

    @stream
    def follow(
        self, job_id: str, *, after: str | None = None, project: str | None = None
    ) -> StreamFlow[DocsEvent, None]:
        """Stream a job's events from the start, or those `after` an event's id."""
        project = self._project(project)
        yield from self._stream(self._join(project, job_id, after), project, after)

    @operation
    def create_job(
        self,
        prompt: str,
        *,
        project: str | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[DocsJob]:
        """Create a docs job without streaming it."""
        where = path("v2", "agent", self._project(project), "job")
        headers = _create_headers(webhook_url, idempotency_key)
        response = yield from self._call("POST", where, body={"prompt": prompt}, headers=headers)
        return decode(DocsJob, response.json)

    @operation
    def get_job(self, job_id: str, *, project: str | None = None) -> Flow[DocsJob]:
        return (yield from self._get_job(self._project(project), job_id))

    @operation
    def get_job_details(self, job_id: str, *, project: str | None = None) -> Flow[DocsJobDetails]:
        """Return a job's title, todos, pull request and message to the user."""
        return (yield from self._get_job_details(self._project(project), job_id))

    @operation
    def list_jobs(
        self, *, skip: int | None = None, take: int | None = None, project: str | None = None
    ) -> Flow[Sequence[DocsJobDetails]]:
        """List a project's jobs, newest first."""
        where = path("v1", "agent", self._project(project), "jobs")
        response = yield from self._call("GET", where, query={"skip": skip, "take": take})
        return decode(DocsJobList, response.json).all_sessions

    @operation
    def message_job(
        self,
        job_id: str,
        prompt: str,
        *,
        project: str | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[DocsJob]:
        """Send a follow-up prompt; the agent continues on the same branch once it is idle."""
        where = path("v2", "agent", self._project(project), "job", job_id, "message")
        headers = _create_headers(webhook_url, idempotency_key)
        response = yield from self._call("POST", where, body={"prompt": prompt}, headers=headers)
        return decode(DocsJob, response.json)

    @operation
    def cancel_job(self, job_id: str, *, project: str | None = None) -> Flow[DocsJob]:
        """Cancel a docs job and its follow-ups that wait. Nothing more is pushed.

        Raises `ConflictError` if all have already ended.
        """
        where = path("v2", "agent", self._project(project), "job", job_id, "cancel")
        response = yield from self._call("POST", where, idempotent=False)
        return decode(DocsJob, response.json)

    @operation
    def poll_job(
        self,
        job_id: str,
        interval: float = 2.0,
        max_attempts: int | None = None,
        *,
        project: str | None = None,
    ) -> StreamFlow[DocsJob, DocsJob]:
        """Poll a job every `interval` seconds and return it once it has ended.

        Raises `JobFailedError`, and `StillRunningError` after `max_attempts` polls.
        """
        named = self._project(project)
        job = yield from poll(
            lambda: self._get_job(named, job_id),
            lambda job: job.is_terminal,
            interval=interval,
            max_attempts=max_attempts,
        )
        if job.status == "failed":
            details = yield from self._get_job_details(named, job_id)
            raise JobFailedError(details.message_to_user or details.halt_reason, job)
        return job

    def _get_job(self, project: str, job_id: str) -> Flow[DocsJob]:
        response = yield from self._call("GET", path("v2", "agent", project, "job", job_id))
        return decode(DocsJob, response.json)

    def _get_job_details(self, project: str, job_id: str) -> Flow[DocsJobDetails]:
        response = yield from self._call("GET", path("v1", "agent", project, "job", job_id))
        return decode(DocsJobDetails, response.json)

    def _stream(
        self, request: Request, project: str, last_id: str | None
    ) -> StreamFlow[DocsEvent, None]:
        """Emit events until the server marks the end; join the stream again when it breaks."""
        opened: DocsEvent | None = None
        reconnection = Reconnection(self._retry_policy)
        while True:
            request = replace(request, streamed=True, timeout_s=_STREAM_TIMEOUT_S)
            response = yield from send(request, self._retry_policy)
            if opened is None:
                opened = _opened(response)
                yield Emit(opened)
            parser = EventParser()
            failure: ConnectionFailedError | None = None
            try:
                while (chunk := (yield Receive())) is not None:
                    for event in parser.feed(chunk):
                        reconnection.reset()
                        last_id = event.id or last_id
                        if event.data == _DONE:
                            return
                        yield Emit(_decode_event(event, opened))
            except ConnectionFailedError as error:
                failure = error
            yield reconnection.backoff(failure)
            request = self._join(project, opened.job_id, last_id)

    def _join(self, project: str, job_id: str, after: str | None) -> Request:
        where = path("v1", "agent", project, "job", job_id, "stream")
        return self._request("GET", where, headers=without_none(**{"Last-Event-ID": after}))

    def _project(self, named: str | None) -> str:
        project = named or (self._credentials.project if self._credentials else None)
        if not project:
            raise NotConfiguredError(
                "The project is missing. Set SORTIE_PROJECT, or pass project=…"
            )
        return project

    def _call(self, method: str, where: str, **options: Any) -> Flow[Response]:
        return send(self._request(method, where, **options), self._retry_policy)

    def _request(
        self, method: str, where: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Request:
        """`options`: the other fields of `Request`."""
        if self._credentials is None:
            raise NotConfiguredError(
                "The API key for documentation agents is missing. Set SORTIE_DOCS_API_KEY, or pass"
                " Settings(docs=…)"
            )
        own = {
            "Authorization": f"Bearer {self._credentials.api_key}",
            "Accept": "text/event-stream",
        }
        return Request(method=method, path=where, headers={**own, **(headers or {})}, **options)


def _create_headers(webhook_url: str | None, idempotency_key: str | None) -> Mapping[str, str]:
    return {**idempotency_header(idempotency_key), **without_none(**{URL_HEADER: webhook_url})}


def _opened(response: Response) -> DocsEvent:
    try:
        job_id, branch = response.headers["x-session-id"], response.headers["x-branch-name"]
    except KeyError as error:
        raise UnexpectedResponseError(f"The stream lacks the header {error}") from error
    return DocsEvent(type="opened", data={}, job_id=job_id, branch=unquote(branch))


def _decode_event(event: ServerEvent, opened: DocsEvent) -> DocsEvent:
    try:
        data = json.loads(event.data)
        return replace(opened, type=str(data["type"]), data=data, id=event.id)
    except (ValueError, TypeError, KeyError) as error:
        raise UnexpectedResponseError("The stream contains an invalid event") from error
