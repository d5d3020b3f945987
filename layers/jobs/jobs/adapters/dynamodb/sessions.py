"""What a documentation agent's job adds to its header."""

import json
from dataclasses import asdict

from jobs.domain.docs import DIALECT, Priority, Session, Todo, TodoStatus, branch_key
from jobs.domain.job import Job
from jobs.domain.status import JobStatus


def session_text(job: Job) -> str | None:
    if job.session is None:
        return None
    known = {name: value for name, value in asdict(job.session).items() if value}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))


def session_from(text: str | None) -> Session | None:
    if text is None:
        return None
    values = json.loads(text)
    todos = tuple(_todo(**each) for each in values.pop("todos", ()))
    return Session(**values, todos=todos)


def place_behind_branch(job: Job) -> dict[str, str]:
    """Its place among those that wait for their branch: the oldest first."""
    if job.session is None or job.status is not JobStatus.QUEUED:
        return {}
    key = branch_key(job.session.project, job.session.branch)
    return {"waiting": waiting_for(job.tenant, key), "rank": job.id}


def waiting_for(tenant: str, branch: str) -> str:
    return f"{tenant}#{DIALECT}#{branch}"


def _todo(id: str, content: str, status: str, priority: str) -> Todo:  # noqa: A002 - its name
    return Todo(id=id, content=content, status=TodoStatus(status), priority=Priority(priority))
