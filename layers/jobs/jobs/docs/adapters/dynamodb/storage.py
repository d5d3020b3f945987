"""What a documentation agent's job adds to its header."""

import json
from dataclasses import asdict

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs.docs_job import DIALECT, Priority, Session, Todo, TodoStatus, branch_of


def session_text(job: Job) -> str | None:
    """Spell the session but for `latest`, which changes while the worker writes all the rest."""
    if job.session is None:
        return None
    known = {k: v for k, v in asdict(job.session).items() if v and k != "latest"}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))


def session_from(text: str | None, latest: str | None) -> Session | None:
    if text is None:
        return None
    values = json.loads(text)
    todos = tuple(_todo(**each) for each in values.pop("todos", ()))
    return Session(**values, todos=todos, latest=latest)


def place_in_project(job: Job) -> dict[str, str]:
    """Where its project lists it; follow-ups are shown as part of their root."""
    if job.session is None or job.session.root is not None:
        return {}
    return {"by_project": listed_in(job.tenant, job.session.project)}


def listed_in(tenant: str, project: str) -> str:
    return f"{tenant}#{DIALECT}#{project}"


def place_behind_branch(job: Job) -> dict[str, str]:
    """Its place among those that wait for their branch: the oldest first."""
    if job.session is None or job.status is not JobStatus.QUEUED:
        return {}
    return {"waiting": waiting_for(job.tenant, branch_of(job)), "rank": job.id}


def waiting_for(tenant: str, branch: str) -> str:
    return f"{tenant}#{DIALECT}#{branch}"


def _todo(id: str, content: str, status: str, priority: str) -> Todo:  # noqa: A002 - its name
    return Todo(id=id, content=content, status=TodoStatus(status), priority=Priority(priority))
