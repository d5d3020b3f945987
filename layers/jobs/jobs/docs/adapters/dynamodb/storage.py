"""Store the details of a docs job in its header."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs.docs_job import (
    KIND,
    DocsJob,
    Priority,
    Todo,
    TodoStatus,
    branch_key,
    docs_job_of,
)


class DocsJobStorage:
    """Stores the details as JSON, with the keys of the project's list and the branch's queue.

    `latest` is a separate attribute: the API writes it while the worker writes the others.
    """

    attributes = frozenset({"session", "by_project", "waiting", "rank"})

    def dump(self, job: Job) -> Mapping[str, str | int | None]:
        details = docs_job_of(job)
        known = {k: v for k, v in asdict(details).items() if v and k != "latest"}
        values = {"session": json.dumps(known, ensure_ascii=False, separators=(",", ":"))}
        if details.root is None:  # lists show follow-ups as part of their root
            values["by_project"] = project_key(job.tenant, details.project)
        if job.status is JobStatus.QUEUED:  # the oldest first
            values |= {"waiting": branch_queue_key(job.tenant, branch_key(job)), "rank": job.id}
        return values

    def load(self, header: Mapping[str, Any]) -> DocsJob:
        values = json.loads(header["session"])
        todos = tuple(_todo(**each) for each in values.pop("todos", ()))
        return DocsJob(**values, todos=todos, latest=header.get("latest"))


def project_key(tenant: str, project: str) -> str:
    return f"{tenant}#{KIND}#{project}"


def branch_queue_key(tenant: str, branch: str) -> str:
    return f"{tenant}#{KIND}#{branch}"


def _todo(id: str, content: str, status: str, priority: str) -> Todo:  # noqa: A002 - its name
    return Todo(id=id, content=content, status=TodoStatus(status), priority=Priority(priority))
