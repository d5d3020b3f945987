"""The documentation agents' API (contract: docs-agents.md): responses.

Published clients require every field of a v1 session, and none may be null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs.docs_job import Conversation, docs_job_of
from jobs.kit.http import Response
from jobs.kit.iso_time import iso

if TYPE_CHECKING:
    from jobs.docs.api import types

_HAULT_REASONS: Final[Mapping[JobStatus, types.HaultReason]] = {
    JobStatus.PENDING: "processing",
    JobStatus.QUEUED: "processing",
    JobStatus.RUNNING: "processing",
    JobStatus.SUCCEEDED: "completed",
    JobStatus.FAILED: "error",
    JobStatus.CANCELLED: "interrupted",
    JobStatus.TIMED_OUT: "interrupted",
}


def to_session(conversation: Conversation) -> types.Session:
    """Return a v1 session, as its latest follow-up left it."""
    root, latest = docs_job_of(conversation.root), docs_job_of(conversation.latest)
    reason = _to_hault_reason(conversation.latest)
    return {
        "sessionId": conversation.root.id,
        "subdomain": conversation.project.subdomain,
        "branch": root.branch,
        "haulted": reason != "processing",
        "haultReason": reason,
        "pullRequestLink": latest.pull_request or root.pull_request,
        "messageToUser": latest.message or conversation.latest.error or "",
        "todos": [
            {
                "content": todo.content,
                "status": todo.status.value,
                "priority": todo.priority.value,
                "id": todo.id,
            }
            for todo in latest.todos
        ],
        "title": latest.title or root.title,
        "createdAt": iso(conversation.root.created_at),
    }


def session_response(conversation: Conversation) -> Response[types.Session]:
    return Response(HTTPStatus.OK, to_session(conversation))


def list_response(conversations: Sequence[Conversation]) -> Response[types.ListSessionsResponse]:
    return Response(HTTPStatus.OK, {"allSessions": [to_session(each) for each in conversations]})


def agent_job_response(
    conversation: Conversation, status: HTTPStatus = HTTPStatus.OK
) -> Response[types.AgentJob]:
    """Return a v2 job. No job is ever archived: jobs expire."""
    root, latest = docs_job_of(conversation.root), docs_job_of(conversation.latest)
    return Response(
        status,
        {
            "id": conversation.root.id,
            "status": _to_status(conversation.latest),
            "source": {"repository": root.repository, "ref": root.branch},
            "model": root.model,
            "prLink": latest.pull_request or root.pull_request or None,
            "createdAt": iso(conversation.root.created_at),
            "archivedAt": None,
        },
    )


def _to_hault_reason(job: Job) -> types.HaultReason:
    if job.status is JobStatus.FAILED and docs_job_of(job).misconfigured:
        return "github_missconfigured"
    return _HAULT_REASONS[job.status]


def _to_status(job: Job) -> types.AgentJobStatus:
    if not job.status.is_terminal:
        return "active"
    return "completed" if job.status is JobStatus.SUCCEEDED else "failed"
