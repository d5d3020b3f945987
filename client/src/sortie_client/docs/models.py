"""Docs jobs, and the events of their streams."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sortie_client._core.models import Model


@dataclass(frozen=True, kw_only=True)
class Source(Model):
    repository: str
    ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class Usage(Model):
    """The tokens of all the model's calls in a docs job, or in its last follow-up."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class DocsJob(Model):
    """`status`: active, completed, failed or archived; `pr_link`: the URL of the pull request."""

    id: str
    status: str
    source: Source
    model: str
    created_at: datetime
    pr_link: str | None = None
    archived_at: datetime | None = None
    usage: Usage | None = None
    error: str | None = None
    error_class: str | None = None

    @property
    def is_terminal(self) -> bool:
        return self.status != "active"


@dataclass(frozen=True, kw_only=True)
class Todo(Model):
    id: str
    content: str
    status: str
    priority: str


@dataclass(frozen=True, kw_only=True)
class DocsJobDetails(Model):
    """A docs job in version 1 of the API. `halt_reason` is `processing` until the job has ended."""

    session_id: str
    branch: str
    halted: bool = field(metadata={"json": "haulted"})
    halt_reason: str = field(metadata={"json": "haultReason"})
    created_at: datetime
    subdomain: str = ""
    pull_request_link: str = ""
    message_to_user: str = ""
    title: str = ""
    todos: Sequence[Todo] = ()
    usage: Usage | None = None
    error_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class DocsJobList(Model):
    all_sessions: Sequence[DocsJobDetails]


@dataclass(frozen=True, kw_only=True)
class DocsEvent:
    """A part of the AI SDK's UI message stream: `data`, of a `type` such as `text-delta`.

    The first event of a stream has the type `opened` and comes before the agent has started. `id`:
    the value of `after` to continue behind this event.
    """

    type: str
    data: Mapping[str, Any]
    job_id: str
    branch: str
    id: str | None = None
