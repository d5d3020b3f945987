"""The messaging jobs API (contract: messaging.md): how it spells jobs, agents and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from jobs.core.changes import JobCounts
from jobs.core.errors import (
    BadCursorError,
    IdempotencyConflictError,
    JobEndedError,
    JobNotFoundError,
    StaleJobError,
)
from jobs.core.ids import is_uuid
from jobs.core.job import Job, JobRef
from jobs.core.list_jobs import JobList
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.http import BadRequestError, Request, Response, TooLargeError
from jobs.messaging.agent import Agent
from jobs.messaging.errors import AgentNotFoundError, NoAgentsError
from jobs.messaging.message import KIND

if TYPE_CHECKING:
    from jobs.kit.types import Error
    from jobs.messaging.api import types


STATUS_NAMES: Final[Mapping[JobStatus, types.Status]] = {
    JobStatus.PENDING: "pending",
    JobStatus.RUNNING: "processing",
    JobStatus.SUCCEEDED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
    JobStatus.TIMED_OUT: "timeout",
}
_STATUS_ERRORS: Final = {
    JobStatus.CANCELLED: "Job cancelled",
    JobStatus.TIMED_OUT: "Job timed out waiting for agent response",
}
_REPORTED_MAX_JOBS: Final = 10_000  # the client shows it; nothing is dropped at this number
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 1000

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE, Preference-Applied, Retry-After"
    ),
    "Cache-Control": "no-store",
}
_REFUSALS: Final[Mapping[type[Exception], tuple[HTTPStatus, str, str]]] = {
    JobNotFoundError: (HTTPStatus.NOT_FOUND, "JOB_NOT_FOUND", "Job not found"),
    NoAgentsError: (HTTPStatus.NOT_FOUND, "NO_AGENTS", "No agents available on server"),
    AgentNotFoundError: (HTTPStatus.NOT_FOUND, "AGENT_NOT_FOUND", ""),
    BadRequestError: (HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", ""),
    BadCursorError: (HTTPStatus.BAD_REQUEST, "INVALID_CURSOR", "cursor is not valid"),
    TooLargeError: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "REQUEST_TOO_LARGE", "Request body is too large"
    ),
    IdempotencyConflictError: (
        HTTPStatus.CONFLICT,
        "IDEMPOTENCY_CONFLICT",
        "Idempotency-Key was used with a different request",
    ),
    JobEndedError: (HTTPStatus.CONFLICT, "JOB_ENDED", "Job has already ended"),
    StaleJobError: (HTTPStatus.CONFLICT, "JOB_CHANGED", "Job is changing, try again"),
    UnavailableError: (
        HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "Service is busy, try again"
    ),
    Exception: (HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Internal server error"),
}  # fmt: skip


def refuse(error: Exception, request: Request) -> Response[Error]:
    """Answer an error. An empty text in the table stands for the error's own message."""
    known = next(c for c in type(error).__mro__ if c in _REFUSALS)
    status, code, text = _REFUSALS[known]
    retry_after = 1 if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return error_response(status, code, text or str(error), retry_after_s=retry_after)


def error_response(
    status: HTTPStatus, code: str, text: str, *, retry_after_s: int | None = None
) -> Response[Error]:
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Response(status, {"success": False, "error": text, "code": code}, headers)


def parse_ref(request: Request) -> JobRef:
    """Return the ref of the path's job. Raises `JobNotFoundError` if it can be no job's id."""
    job_id = request.path("jobId")
    if not is_uuid(job_id):
        raise JobNotFoundError(job_id)
    return JobRef(tenant=request.tenant, kind=KIND, id=job_id)


def created_response(job: Job) -> Response[types.CreateJobResponse]:
    """201, without a `success` field: the npm client would swallow the body."""
    return Response(
        HTTPStatus.CREATED,
        {
            "jobId": job.id,
            "status": STATUS_NAMES[job.status],
            "createdAt": job.created_at,
            "expiresAt": job.deadline,
        },
    )


def to_job(job: Job) -> types.Job:
    """Spell one job; what it has not is left out, never null."""
    spelled: types.Job = {
        "jobId": job.id,
        "status": STATUS_NAMES[job.status],
        "agentId": job.request["agentId"],
        "userId": job.request["userId"],
        "prompt": job.request["content"],
        "createdAt": job.created_at,
        "expiresAt": job.deadline,
        "metadata": job.request["metadata"],
    }
    if job.result is not None and job.ended_at is not None:
        spelled["result"] = {
            "message": _to_message(job, job.result, job.ended_at),
            "processingTimeMs": job.ended_at - job.created_at,
        }
    error = _STATUS_ERRORS.get(job.status, job.error)
    if error is not None:
        spelled["error"] = error
    return spelled


def _to_message(job: Job, answer: Mapping[str, Any], at: Millis) -> types.Message:
    spelled: types.Message = {
        "id": answer["id"],
        "content": answer["content"],
        "authorId": job.request["agentId"],
        "createdAt": at,
    }
    if "metadata" in answer:
        spelled["metadata"] = answer["metadata"]
    return spelled


def parse_limit(request: Request) -> int:
    """The number that `limit` begins with, as the original parses it; else the default."""
    digits = (request.query("limit") or "").strip().removeprefix("+")
    end = next((i for i, c in enumerate(digits) if c not in "0123456789"), len(digits))
    return min(int(digits[: min(end, 9)] or 0) or DEFAULT_LIMIT, MAX_LIMIT)


def parse_statuses(request: Request) -> frozenset[JobStatus]:
    """The statuses that `status` names; none where it is unknown, which lists all."""
    word = request.query("status")
    return frozenset(status for status, spelled in STATUS_NAMES.items() if spelled == word)


def list_response(found: JobList) -> Response[types.ListJobsResponse]:
    page: types.ListJobsResponse = {
        "jobs": [to_job(each) for each in found.jobs],
        "total": found.total,
        "filtered": len(found.jobs),
    }
    if found.cursor:
        page["nextCursor"] = found.cursor
    return Response(HTTPStatus.OK, page)


def health_response(counts: JobCounts, now: Millis) -> Response[types.HealthResponse]:
    words = dict.fromkeys(STATUS_NAMES.values(), 0)
    for status, word in STATUS_NAMES.items():
        words[word] += counts.of(status)
    answered = words["completed"]
    ended = answered + words["failed"] + words["timeout"]
    return Response(
        HTTPStatus.OK,
        {
            "healthy": True,
            "timestamp": now,
            "totalJobs": counts.total,
            "statusCounts": words,
            "metrics": {
                "averageProcessingTimeMs": _ratio(counts.processing_ms, answered),
                "successRate": _ratio(100 * answered, ended) / 100,
                "failureRate": _ratio(100 * words["failed"], ended) / 100,
                "timeoutRate": _ratio(100 * words["timeout"], ended) / 100,
            },
            "maxJobs": _REPORTED_MAX_JOBS,
        },
    )


def _ratio(part: int, whole: int) -> int:
    """Round a half up, as JavaScript does, which Python's own rounding does not."""
    return (2 * part + whole) // (2 * whole) if whole else 0


def agents_response(found: Sequence[Agent]) -> Response[types.ListAgentsResponse]:
    """Inside a wrapper, which the npm client requires here."""
    spelled: list[types.Agent] = [
        {
            "id": agent.id,
            "name": agent.name,
            "characterName": agent.name,
            "bio": agent.bio,
            "status": "active" if agent.active else "inactive",
        }
        for agent in found
    ]
    return Response(HTTPStatus.OK, {"success": True, "data": {"agents": spelled}})
