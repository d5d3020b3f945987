"""The messaging API: `sortie.messaging`."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from sortie_client._core.flow import Emit, Flow, Receive, Response, StreamFlow
from sortie_client._core.http import path, without_none
from sortie_client._core.models import decode
from sortie_client._core.operation import operation, stream
from sortie_client._core.retry import Reconnection, idempotency_header, send
from sortie_client._core.sse import EventParser, ServerEvent
from sortie_client.errors import ConnectionFailedError, JobFailedError, UnexpectedResponseError
from sortie_client.messaging.job_api import (
    HOLD_TIMEOUT_S,
    STREAM_TIMEOUT_S,
    JobApi,
    require_success,
)
from sortie_client.messaging.models import (
    Agent,
    AgentsResponse,
    CreatedJob,
    Job,
    JobPage,
    JobsHealth,
    JobStatus,
    Restart,
)
from sortie_client.webhooks.models import Webhook

JOBS: Final = "/api/messaging/jobs"
_HOLD_S: Final = 20
_DONE: Final = "[DONE]"
_EVENTS: Final = "text/event-stream"


class MessagingApi[R](JobApi[R]):
    @operation
    def create_job(
        self,
        user_id: str,
        content: str,
        *,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_ms: int | None = None,
        webhook: Webhook | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[CreatedJob]:
        """Send a message to an agent, by default the first available one.

        `user_id`, `agent_id`: UUIDs.
        """
        body = _job_body(user_id, content, agent_id, metadata, timeout_ms, webhook)
        response = yield from self._create(body, idempotency_header(idempotency_key))
        return decode(CreatedJob, response.json)

    @operation
    def create_and_wait_for_job(
        self,
        user_id: str,
        content: str,
        *,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_ms: int | None = None,
        webhook: Webhook | None = None,
        idempotency_key: str | None = None,
        interval: float = 1.0,
        max_attempts: int | None = None,
    ) -> StreamFlow[Job, Job]:
        """Send a message to an agent, wait, and return the completed job.

        The server holds the request for 20 s; after that, the client polls every `interval`
        seconds. Raises `JobFailedError`, and `StillRunningError` after `max_attempts` polls.
        """
        body = _job_body(user_id, content, agent_id, metadata, timeout_ms, webhook)
        headers = {**idempotency_header(idempotency_key), "Prefer": f"wait={_HOLD_S}"}
        response = yield from self._create(body, headers, HOLD_TIMEOUT_S)
        if response.status == HTTPStatus.OK:
            return require_success(decode(Job, response.json))
        created = decode(CreatedJob, response.json)
        job = yield from self._poll_job(created.job_id, interval, max_attempts)
        return require_success(job)

    @stream
    def create_and_watch_job(
        self,
        user_id: str,
        content: str,
        *,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_ms: int | None = None,
        webhook: Webhook | None = None,
        idempotency_key: str | None = None,
        interval: float = 0.5,
    ) -> StreamFlow[Job, None]:
        """Send a message, and iterate over the job's changes until it has ended.

        The server holds the request for 20 s, so that most jobs need no poll.
        """
        body = _job_body(user_id, content, agent_id, metadata, timeout_ms, webhook)
        headers = {**idempotency_header(idempotency_key), "Prefer": f"wait={_HOLD_S}"}
        response = yield from self._create(body, headers, HOLD_TIMEOUT_S)
        if response.status == HTTPStatus.OK:
            yield Emit(decode(Job, response.json))
        else:
            created = decode(CreatedJob, response.json)
            yield from self._poll_job(created.job_id, interval, None)

    @operation
    def get_job(self, job_id: str) -> Flow[Job]:
        return (yield from self._get_job(job_id))

    @operation
    def list_jobs(
        self,
        *,
        limit: int | None = None,
        status: JobStatus | None = None,
        cursor: str | None = None,
    ) -> Flow[JobPage]:
        """List your jobs, newest first.

        `cursor`: the previous page's `next_cursor`, with the same `status`.
        """
        query = {"limit": limit, "status": status, "cursor": cursor}
        response = yield from self._call("GET", JOBS, query=query)
        return decode(JobPage, response.json)

    @operation
    def poll_job(
        self, job_id: str, interval: float = 1.0, max_attempts: int | None = None
    ) -> StreamFlow[Job, Job]:
        """Poll a job every `interval` seconds and return it once it is completed.

        Every job ends by its `expires_at`. Raises `JobFailedError`, and `StillRunningError` after
        `max_attempts` polls.
        """
        return require_success((yield from self._poll_job(job_id, interval, max_attempts)))

    @stream
    def watch_job(self, job_id: str, interval: float = 0.5) -> StreamFlow[Job, Job]:
        """Iterate over a job's changes until it has ended, with or without success."""
        return self._poll_job(job_id, interval, None)

    @stream
    def stream_job(self, job_id: str) -> StreamFlow[str, None]:
        """Iterate over a job's answer, part by part, while the agent says it.

        Reconnects a lost connection. After a `Restart`, the parts before it are void. Raises
        `JobFailedError`, whose `job` is None.
        """
        last_id: str | None = None
        reconnection = Reconnection(self._retry_policy)
        while True:
            request = self._request(
                "GET",
                path("api", "messaging", "jobs", job_id, "stream"),
                headers=without_none(**{"Accept": _EVENTS, "Last-Event-ID": last_id}),
                streamed=True,
                timeout_s=STREAM_TIMEOUT_S,
            )
            response = yield from send(request, self._retry_policy)
            if response.status == HTTPStatus.NO_CONTENT:  # nothing follows the last event
                return
            parser = EventParser()
            failure: ConnectionFailedError | None = None
            try:
                while (chunk := (yield Receive())) is not None:
                    for event in parser.feed(chunk):
                        reconnection.reset()
                        last_id = event.id or last_id
                        if event.data == _DONE:
                            return
                        if (part := _read_part(event)) is not None:
                            yield Emit(part)
            except ConnectionFailedError as error:
                failure = error
            yield reconnection.backoff(failure)

    @operation
    def cancel_job(self, job_id: str) -> Flow[Job]:
        """Raises `ConflictError` if the job has already ended."""
        where = path("api", "messaging", "jobs", job_id, "cancel")
        response = yield from self._call("POST", where, idempotent=False)
        return decode(Job, response.json)

    @operation
    def get_jobs_health(self) -> Flow[JobsHealth]:
        response = yield from self._call("GET", f"{JOBS}/health")
        return decode(JobsHealth, response.json)

    @operation
    def list_agents(self) -> Flow[Sequence[Agent]]:
        response = yield from self._call("GET", "/api/agents")
        return decode(AgentsResponse, response.json).data.agents

    def _create(
        self, body: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float | None = None
    ) -> Flow[Response]:
        return self._call("POST", JOBS, body=body, headers=headers, timeout_s=timeout_s)


def _read_part(event: ServerEvent) -> str | None:
    """Return the part of the answer in an event. Raises `JobFailedError` for an error."""
    try:
        chunk = json.loads(event.data)
        match chunk["type"]:
            case "text-delta":
                return str(chunk["delta"])
            case "data-restarted":
                return Restart()
            case "error":
                raise JobFailedError(str(chunk["errorText"]), None)
    except (ValueError, TypeError, KeyError) as error:
        raise UnexpectedResponseError("The stream contains an invalid event") from error
    return None


def _job_body(  # noqa: PLR0917 - the parameters of both creates
    user_id: str,
    content: str,
    agent_id: str | None,
    metadata: Mapping[str, Any] | None,
    timeout_ms: int | None,
    webhook: Webhook | None,
) -> dict[str, Any]:
    return without_none(
        userId=user_id,
        content=content,
        agentId=agent_id,
        metadata=metadata,
        timeoutMs=timeout_ms,
        webhook=webhook.body if webhook else None,
    )
