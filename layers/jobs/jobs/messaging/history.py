"""The earlier messages of a session that an agent receives with a question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from jobs.core.job import Job


@dataclass(frozen=True, slots=True)
class PastMessage:
    """An earlier message of the session, of the user or the agent."""

    by_agent: bool
    content: str


def history_in(job: Job) -> Sequence[PastMessage]:
    """Return the messages that the job's request brings, as that of a chat does."""
    return [PastMessage(*each) for each in job.request.get("history", ())]


def group_by_author(history: Sequence[PastMessage]) -> Iterator[tuple[bool, list[str]]]:
    """Group consecutive messages of one author, for models that require alternating roles."""
    for by_agent, messages in groupby(history, attrgetter("by_agent")):
        yield by_agent, [message.content for message in messages]
