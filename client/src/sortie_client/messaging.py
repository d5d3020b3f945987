"""Messages to agents, as jobs: `sortie.messaging`. What comes back is in `messaging_models`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from sortie_client._calls import new_key
from sortie_client._decode import decode
from sortie_client._flow import Flow, Giving
from sortie_client._keyed import PATIENCE_S, KeyedCalls, succeeded
from sortie_client._operation import operation, stream
from sortie_client._wire import path, present
from sortie_client.messaging_models import (
    Agent,
    Agents,
    CreatedJob,
    Job,
    JobPage,
    JobsHealth,
    JobStatus,
)
from sortie_client.webhooks import Webhook

JOBS: Final = "/api/messaging/jobs"
_HELD_S: Final = 20


class MessagingCalls(KeyedCalls):
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
        """Ask an agent, the first available one by default; `user_id` and `agent_id` are UUIDs."""
        body = present(
            userId=user_id,
            content=content,
            agentId=agent_id,
            metadata=metadata,
            timeoutMs=timeout_ms,
            webhook=webhook.body if webhook else None,
        )
        answer = yield from self._call("POST", JOBS, body=body, headers=new_key(idempotency_key))
        return decode(CreatedJob, answer.json)

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
    ) -> Giving[Job, Job]:
        """Ask an agent and return its answer; the server holds it back until there is one.

        Raises `JobFailedError`; `StillRunningError` after so many polls, `interval` seconds apart.
        """
        answer = yield from self._call(
            "POST",
            JOBS,
            body=present(
                userId=user_id,
                content=content,
                agentId=agent_id,
                metadata=metadata,
                timeoutMs=timeout_ms,
                webhook=webhook.body if webhook else None,
            ),
            headers={**new_key(idempotency_key), "Prefer": f"wait={_HELD_S}"},
            seconds=PATIENCE_S,
        )
        if answer.status == HTTPStatus.OK:
            return succeeded(decode(Job, answer.json))
        created = decode(CreatedJob, answer.json)
        job = yield from self._until_over(created.job_id, interval, max_attempts)
        return succeeded(job)

    @operation
    def get_job(self, job_id: str) -> Flow[Job]:
        return (yield from self._job(job_id))

    @operation
    def list_jobs(
        self,
        *,
        limit: int | None = None,
        status: JobStatus | None = None,
        cursor: str | None = None,
    ) -> Flow[JobPage]:
        """List your jobs, newest first."""
        query = {"limit": limit, "status": status, "cursor": cursor}
        answer = yield from self._call("GET", JOBS, query=query)
        return decode(JobPage, answer.json)

    @operation
    def poll_job(
        self, job_id: str, interval: float = 1.0, max_attempts: int | None = None
    ) -> Giving[Job, Job]:
        """Wait for a job, `interval` seconds between two looks; every job ends by `expires_at`.

        Raises `JobFailedError`, `StillRunningError`.
        """
        return succeeded((yield from self._until_over(job_id, interval, max_attempts)))

    @stream
    def watch_job(self, job_id: str, interval: float = 0.5) -> Giving[Job, Job]:
        """Iterate over a job's changes, until it is over; it may have failed."""
        return self._until_over(job_id, interval, None)

    @operation
    def cancel_job(self, job_id: str) -> Flow[Job]:
        """Raises `ConflictError` if the job is over."""
        where = path("api", "messaging", "jobs", job_id, "cancel")
        answer = yield from self._call("POST", where, repeatable=False)
        return decode(Job, answer.json)

    @operation
    def get_jobs_health(self) -> Flow[JobsHealth]:
        answer = yield from self._call("GET", f"{JOBS}/health")
        return decode(JobsHealth, answer.json)

    @operation
    def list_agents(self) -> Flow[Sequence[Agent]]:
        answer = yield from self._call("GET", "/api/agents")
        return decode(Agents, answer.json).data.agents
