"""The API of workers (contract: own-agents.md): responses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from jobs.agent_workers.errors import (
    AgentNotAllowedError,
    EndedForWorkerError,
    InvalidAnswerError,
    InvalidOutputError,
    StaleAttemptError,
)
from jobs.agent_workers.lease import HEARTBEAT_S, LEASE
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.kit.error_table import COMMON, ErrorTable, error_response
from jobs.kit.http import Request, Response
from jobs.messaging.api.responses import STATUS_NAMES
from jobs.messaging.message import task_of

if TYPE_CHECKING:
    from jobs.agent_workers.api import types
    from jobs.agent_workers.claim_jobs import Claimed, ClaimedJob
    from jobs.kit.clock import Millis

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
    "Cache-Control": "no-store",
}
_ERRORS: Final[ErrorTable] = {
    **COMMON,
    AgentNotAllowedError: (HTTPStatus.FORBIDDEN, "AGENT_NOT_ALLOWED", ""),
    JobNotFoundError: (HTTPStatus.NOT_FOUND, "JOB_NOT_FOUND", "Job not found"),
    EndedForWorkerError: (
        HTTPStatus.CONFLICT, "JOB_ENDED", "The job has ended: stop, and drop your result"
    ),
    StaleAttemptError: (
        HTTPStatus.CONFLICT, "STALE_ATTEMPT",
        "Another claim of the job has followed: stop, and drop your result",
    ),
    InvalidOutputError: (HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", ""),
    InvalidAnswerError: (HTTPStatus.BAD_REQUEST, "INVALID_ANSWER", ""),
    StaleJobError: (
        HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "The job is changing, try again"
    ),
}  # fmt: skip


def handle_error(error: Exception, request: Request) -> Response[types.Error]:
    found = error_response(_ERRORS, error)
    body = cast("types.Error", found.body)
    if isinstance(error, EndedForWorkerError):
        body["status"] = STATUS_NAMES[error.status]
    return Response(found.status, body, found.headers)


def claimed_response(claimed: Claimed) -> Response[types.ClaimResponse]:
    return Response(
        HTTPStatus.OK,
        {"jobs": [_to_job(each) for each in claimed.jobs], "retryAfterSeconds": claimed.pause_s},
    )


def renewed_response(lease_until: Millis) -> Response[types.HeartbeatResponse]:
    return Response(HTTPStatus.OK, {"leaseUntil": lease_until})


def completed_response() -> Response[types.CompleteResponse]:
    return Response(HTTPStatus.OK, {"status": "completed"})


def failed_response(retry_at: Millis | None) -> Response[types.FailResponse]:
    if retry_at is None:
        return Response(HTTPStatus.OK, {"status": "failed"})
    return Response(HTTPStatus.OK, {"status": "processing", "retryAt": retry_at})


def _to_job(claimed: ClaimedJob) -> types.ClaimedJob:
    job = claimed.job
    return {
        "jobId": job.id,
        "attempt": job.attempt,
        "agentId": job.request["agentId"],
        "userId": job.request["userId"],
        "content": job.request["content"],
        "metadata": job.request["metadata"],
        "history": [
            {"role": "assistant" if each.by_agent else "user", "content": each.content}
            for each in claimed.history
        ],
        "deadline": job.deadline,
        "leaseSeconds": LEASE // 1000,
        "heartbeatSeconds": HEARTBEAT_S,
        "outputFrom": task.output_from if (task := task_of(job)) else 1,
    }
