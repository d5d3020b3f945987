"""The messaging API: `sortie.messaging`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from sortie_client._core.flow import Emit, Flow, Response, StreamFlow
from sortie_client._core.http import path, without_none
from sortie_client._core.models import decode
from sortie_client._core.operation import operation, stream
from sortie_client._core.retry import idempotency_header
from sortie_client.messaging.job_api import HOLD_TIMEOUT_S, JobApi, require_success
from sortie_client.messaging.models import (
    Agent,
    AgentsResponse,
    CreatedJob,
    Job,
    JobPage,
    JobsHealth,
    JobStatus,
)
from sortie_client.webhooks.models import Webhook

JOBS: Final = "/api/messaging/jobs"
_HOLD_S: Final = 20


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
