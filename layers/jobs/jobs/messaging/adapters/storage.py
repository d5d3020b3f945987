"""A message's details in its job's header."""

from collections.abc import Mapping
from typing import Any

from jobs.core.job import Job
from jobs.messaging.message import Message, session_of


class MessageStorage:
    attributes = frozenset({"conversation"})

    def dump(self, job: Job) -> Mapping[str, str | int | None]:
        return {"conversation": session_of(job)}

    def load(self, header: Mapping[str, Any]) -> Message | None:
        session = header.get("conversation")
        return None if session is None else Message(session=session)
