"""A message's details in its job's header, and the index of jobs that workers may claim."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jobs.core.job import Job
from jobs.kit.clock import Millis
from jobs.messaging.message import (
    Message,
    Progress,
    WorkerTask,
    claimable_at,
    session_of,
    task_of,
)

_COUNTS: Final = {"output_from": 1, "next_output": 1, "said": 0}


class MessageStorage:
    attributes = frozenset({"conversation", "task", "waiting", "rank"})

    def dump(self, job: Job) -> Mapping[str, str | int | None]:
        values: dict[str, str | int | None] = {"conversation": session_of(job)}
        if task := task_of(job):
            values["task"] = _to_text(task)
        if (at := claimable_at(job)) is not None:
            values["waiting"] = worker_queue_key(job.tenant, job.request["agentId"])
            values["rank"] = rank(at, job.id)
        return values

    def load(self, header: Mapping[str, Any]) -> Message | None:
        session, task = header.get("conversation"), header.get("task")
        if session is None and task is None:
            return None
        return Message(session=session, task=None if task is None else _from_text(task))


def worker_queue_key(tenant: str, agent_id: str) -> str:
    """Return the key of an agent's jobs in the index `waiting`, in which missions are too."""
    return f"{tenant}#worker#{agent_id}"


def rank(at: Millis, job_id: str = "") -> str:
    """Return the rank of a job that may be claimed then; without an id, that of the first."""
    return f"{at:014d}#{job_id}"


def _to_text(task: WorkerTask) -> str:
    """Defaults are left out, as the header should fit into one write unit."""
    progress = task.progress or Progress()
    values = {"maxAttempts": task.max_attempts, "percent": progress.percent, "text": progress.text}
    values |= {
        name: getattr(task, name) for name in _COUNTS if getattr(task, name) != _COUNTS[name]
    }
    return json.dumps({k: v for k, v in values.items() if v is not None}, ensure_ascii=False)


def _from_text(text: str) -> WorkerTask:
    values = json.loads(text)
    percent, told = values.get("percent"), values.get("text")
    progress = None if percent is None and told is None else Progress(percent=percent, text=told)
    counts = {name: values[name] for name in _COUNTS if name in values}
    return WorkerTask(max_attempts=values["maxAttempts"], progress=progress, **counts)
