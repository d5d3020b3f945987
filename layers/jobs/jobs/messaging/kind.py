"""The kind of messages, for the shared workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jobs.core.status import JobStatus
from jobs.messaging.errors import AgentNotFoundError, NoAgentsError
from jobs.messaging.message import JOB_PATH, first_check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.core.job import Job, JobRef
    from jobs.messaging.wiring import MessagingWiring


class MessageKind:
    refusals: Final[Mapping[type[Exception], tuple[str, str]]] = {
        NoAgentsError: ("NO_AGENTS", "No agents available"),
        AgentNotFoundError: ("AGENT_NOT_FOUND", ""),
    }

    def __init__(self, wiring: MessagingWiring) -> None:
        self._wiring = wiring

    def link(self, ref: JobRef, details: object | None) -> str:
        return JOB_PATH.format(id=ref.id)

    def follow(self, job: Job) -> bool:
        if job.status is not JobStatus.PENDING:
            return False
        self._wiring.dispatch_job(job.ref, check_at=first_check(job))
        return True

    def survives_dead_letter(self, job: Job) -> bool:
        return False

    def create(self, request: Mapping[str, Any], *, tenant: str, key: str) -> Job:
        from jobs.messaging.api.create_body import parse_create_job

        body = parse_create_job(request)
        self._wiring.limit_messages(tenant, key)
        new = self._wiring.read_message(body, tenant=tenant, key=key)
        return self._wiring.core.create_job(new)
