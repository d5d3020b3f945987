"""The messaging API (contract: messaging.md): responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from jobs.core.ids import parse_uuid
from jobs.core.job import Job, JobRef
from jobs.core.list_jobs import JobList
from jobs.core.rate_headers import refusal_headers
from jobs.core.rate_limit import RateLimitedError
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.kit.error_table import COMMON, ErrorTable, error_response
from jobs.kit.errors import UnknownCallerError
from jobs.kit.http import Request, Response
from jobs.messaging.agent import Agent
from jobs.messaging.errors import AgentNotFoundError, NoAgentsError, PaymentNotSupportedError
from jobs.messaging.message import KIND, Progress, task_of
from jobs.messaging.output import error_of

if TYPE_CHECKING:
    from jobs.kit.types import Error
    from jobs.messaging.api import types


STATUS_NAMES: Final[Mapping[JobStatus, types.Status]] = {
    JobStatus.PENDING: "pending",
    JobStatus.QUEUED: "pending",  # waits for a worker
    JobStatus.RUNNING: "processing",
    JobStatus.SUCCEEDED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
    JobStatus.TIMED_OUT: "timeout",
}
_REPORTED_MAX_JOBS: Final = 10_000  # clients show it; Sortie has no such limit
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 1000

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE, Preference-Applied, Retry-After,"
        " X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Job-Id"
    ),
    "Cache-Control": "no-store",
}
ERRORS: Final[ErrorTable] = {
    **COMMON,
    UnknownCallerError: (
        HTTPStatus.UNAUTHORIZED, "INVALID_TOKEN", "Missing or invalid credentials"
    ),
    PaymentNotSupportedError: (
        HTTPStatus.FORBIDDEN,
        "CHATS_ARE_CLOSED",
        "Chats accept no payments; create a job instead",
    ),
    JobNotFoundError: (HTTPStatus.NOT_FOUND, "JOB_NOT_FOUND", "Job not found"),
    NoAgentsError: (HTTPStatus.NOT_FOUND, "NO_AGENTS", "No agents available on server"),
    AgentNotFoundError: (HTTPStatus.NOT_FOUND, "AGENT_NOT_FOUND", ""),
    BadCursorError: (HTTPStatus.BAD_REQUEST, "INVALID_CURSOR", "cursor is not valid"),
    IdempotencyConflictError: (
        HTTPStatus.CONFLICT,
        "IDEMPOTENCY_CONFLICT",
        "Idempotency-Key was used with a different request",
    ),
    JobEndedError: (HTTPStatus.CONFLICT, "JOB_ENDED", "Job has already ended"),
    StaleJobError: (HTTPStatus.CONFLICT, "JOB_CHANGED", "Job is changing, try again"),
    RateLimitedError: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_MANY_REQUESTS",
        "Too many messages, try again after the time in Retry-After",
    ),
}  # fmt: skip


def handle_error(error: Exception, request: Request) -> Response[Error]:
    return error_response(ERRORS, error)


def limited_response(error: RateLimitedError, now: Millis) -> Response[Error]:
    """Return the response to a message over the rate limit."""
    return replace(error_response(ERRORS, error), headers=refusal_headers(error, now))


def parse_ref(request: Request) -> JobRef:
    """Return the path's job. Raises `JobNotFoundError` unless its id is a UUID."""
    job_id = parse_uuid(request.path("jobId"))
    if job_id is None:
        raise JobNotFoundError
    return JobRef(tenant=request.tenant, kind=KIND, id=job_id)


def created_response(job: Job) -> Response[types.CreateJobResponse]:
    """Return 201, without a `success` field: with one, the npm client drops the body."""
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
    """Absent values are left out, never null."""
    body: types.Job = {
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
        body["result"] = {
            "message": _to_message(job, job.result, job.ended_at),
            "processingTimeMs": job.ended_at - job.created_at,
        }
    task = task_of(job)
    if task and task.progress:
        body["progress"] = _to_progress(task.progress)
    error = error_of(job)
    if error is not None:
        body["error"] = error
    if job.failure_class is not None:
        body["errorClass"] = job.failure_class.value
    return body


def _to_progress(progress: Progress) -> types.Progress:
    told: types.Progress = {}
    if progress.percent is not None:
        told["percent"] = progress.percent
    if progress.text is not None:
        told["message"] = progress.text
    return told


def _to_message(job: Job, answer: Mapping[str, Any], at: Millis) -> types.Message:
    message: types.Message = {
        "id": answer["id"],
        "content": answer["content"],
        "authorId": job.request["agentId"],
        "createdAt": at,
    }
    if "metadata" in answer:
        message["metadata"] = answer["metadata"]
    return message


def parse_limit(request: Request) -> int:
    """Return the number that `limit` begins with, as the original API does; else the default."""
    digits = (request.query("limit") or "").strip().removeprefix("+")
    end = next((i for i, c in enumerate(digits) if c not in "0123456789"), len(digits))
    return min(int(digits[: min(end, 9)] or 0) or DEFAULT_LIMIT, MAX_LIMIT)


def parse_statuses(request: Request) -> frozenset[JobStatus]:
    """Return the statuses of this name; none, which selects all, if it is unknown."""
    wanted = request.query("status")
    return frozenset(status for status, name in STATUS_NAMES.items() if name == wanted)


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
    by_name = dict.fromkeys(STATUS_NAMES.values(), 0)
    for status, name in STATUS_NAMES.items():
        by_name[name] += counts.of(status)
    completed = by_name["completed"]
    ended = completed + by_name["failed"] + by_name["timeout"]
    return Response(
        HTTPStatus.OK,
        {
            "healthy": True,
            "timestamp": now,
            "totalJobs": counts.total,
            "statusCounts": by_name,
            "metrics": {
                "averageProcessingTimeMs": _ratio(counts.processing_ms, completed),
                "successRate": _ratio(100 * completed, ended) / 100,
                "failureRate": _ratio(100 * by_name["failed"], ended) / 100,
                "timeoutRate": _ratio(100 * by_name["timeout"], ended) / 100,
            },
            "maxJobs": _REPORTED_MAX_JOBS,
        },
    )


def _ratio(part: int, whole: int) -> int:
    """Divide, and round a half up, as JavaScript does and Python's `round` does not."""
    return (2 * part + whole) // (2 * whole) if whole else 0


def agents_response(found: Sequence[Agent]) -> Response[types.ListAgentsResponse]:
    """The npm client requires the wrapper."""
    agents: list[types.Agent] = [
        {
            "id": agent.id,
            "name": agent.name,
            "characterName": agent.name,
            "bio": agent.bio,
            "status": "active" if agent.active else "inactive",
        }
        for agent in found
    ]
    return Response(HTTPStatus.OK, {"success": True, "data": {"agents": agents}})
