"""The kind of messages, sessions included, for the shared workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from jobs.messaging.kind import MessageKind
from jobs.messaging.message import session_of

if TYPE_CHECKING:
    from jobs.core.job import Job
    from jobs.sessions.wiring import SessionsWiring


class SessionMessageKind(MessageKind):
    """Also dispatches the next message of a session when one ends."""

    def __init__(self, wiring: SessionsWiring) -> None:
        super().__init__(wiring.messaging)
        self._sessions = wiring

    @override
    def follow(self, job: Job) -> bool:
        if job.status.is_terminal and session_of(job) is not None:
            self._sessions.pass_turn(job)
            return True
        return super().follow(job)
