"""The documentation agents' API (contract: docs-agents.md): responses.

Published clients require every field of a v1 session, and none may be null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs.docs_job import Conversation, docs_job_of, failure_text, todos_of
from jobs.kit.http import Response
from jobs.kit.iso_time import iso

if TYPE_CHECKING:
    from jobs.docs.api import types

_MAX_LIST_BYTES: Final = 5 * 2**19
"""A Lambda response has 6 MB at most, and escaping may double the size of a text.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
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
    session: types.Session = {
        "sessionId": conversation.root.id,
        "subdomain": conversation.project.subdomain,
        "branch": _branch(conversation) or "",
        "haulted": reason != "processing",
        "haultReason": reason,
        "pullRequestLink": latest.pull_request or root.pull_request,
        "messageToUser": failure_text(conversation.latest) or latest.message,
        "todos": [
            {
                "content": todo.content,
                "status": todo.status.value,
                "priority": todo.priority.value,
                "id": todo.id,
            }
            for todo in todos_of(conversation.latest)
        ],
        "title": latest.title or root.title,
        "createdAt": iso(conversation.root.created_at),
        "usage": _to_usage(conversation.latest),
    }
    if conversation.latest.failure_class is not None:
        session["errorClass"] = conversation.latest.failure_class.value
    return session


def session_response(conversation: Conversation) -> Response[types.Session]:
    return Response(HTTPStatus.OK, to_session(conversation))


def list_response(conversations: Sequence[Conversation]) -> Response[types.ListSessionsResponse]:
    """Return whole pages, as `skip` counts sessions: long sessions are shortened instead."""
    each_bytes = _MAX_LIST_BYTES // max(1, len(conversations))
    sessions = [_shorten(to_session(each), each_bytes) for each in conversations]
    return Response(HTTPStatus.OK, {"allSessions": sessions})


def _shorten(session: types.Session, max_bytes: int) -> types.Session:
    """Cut the message, then leave out the last todos, until the session has `max_bytes`."""
    if (over := _size(session) - max_bytes) > 0:
        kept = max(0, len(session["messageToUser"]) - over)
        session["messageToUser"] = session["messageToUser"][:kept]
    while session["todos"] and _size(session) > max_bytes:
        session["todos"] = session["todos"][:-1]
    return session


def _size(session: types.Session) -> int:
    return len(json.dumps(session))


def agent_job_response(
    conversation: Conversation, status: HTTPStatus = HTTPStatus.OK
) -> Response[types.AgentJob]:
    """Return a v2 job. No job is ever archived: jobs expire."""
    root, latest = docs_job_of(conversation.root), docs_job_of(conversation.latest)
    job: types.AgentJob = {
        "id": conversation.root.id,
        "status": _to_status(conversation.latest),
        "source": {"repository": root.repository, "ref": _branch(conversation)},
        "model": root.model,
        "prLink": latest.pull_request or root.pull_request or None,
        "createdAt": iso(conversation.root.created_at),
        "archivedAt": None,
        "usage": _to_usage(conversation.latest),
    }
    if error := failure_text(conversation.latest):
        job["error"] = error
    if conversation.latest.failure_class is not None:
        job["errorClass"] = conversation.latest.failure_class.value
    return Response(status, job)


def _to_usage(job: Job) -> types.Usage:
    return {"inputTokens": job.tokens.read, "outputTokens": job.tokens.written}


def _branch(conversation: Conversation) -> str | None:
    """Return the branch, or None if there is none because nothing was changed."""
    root, latest = docs_job_of(conversation.root), docs_job_of(conversation.latest)
    return None if latest.branchless else root.branch


def _to_hault_reason(job: Job) -> types.HaultReason:
    if job.status is JobStatus.FAILED and docs_job_of(job).misconfigured:
        return "github_missconfigured"
    return _HAULT_REASONS[job.status]


def _to_status(job: Job) -> types.AgentJobStatus:
    if not job.status.is_terminal:
        return "active"
    return "completed" if job.status is JobStatus.SUCCEEDED else "failed"
