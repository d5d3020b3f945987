"""Every kind of job, by name. Imports are inside: a cold start pays for its own kind only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jobs.core.wiring import CoreWiring

if TYPE_CHECKING:
    from jobs.core.kind import Kind, Storage

NAMES: Final = ("messaging", "missions", "docs")


def storage(name: str) -> Storage:
    """Return how a kind's details are stored. Raises `ValueError` for an unknown kind."""
    match name:
        case "messaging":
            from jobs.messaging.adapters.storage import MessageStorage

            return MessageStorage()
        case "missions":
            from jobs.missions.adapters.storage import MissionStorage

            return MissionStorage()
        case "docs":
            from jobs.docs.adapters.dynamodb.storage import DocsJobStorage

            return DocsJobStorage()
        case _:
            raise ValueError(f"no kind of job is named {name!r}")


def kind(name: str) -> Kind:
    """Return a kind. Raises `ValueError` for an unknown one."""
    match name:
        case "messaging":
            from jobs.sessions.kind import SessionMessageKind
            from jobs.sessions.wiring import wiring as sessions

            return SessionMessageKind(sessions)
        case "missions":
            from jobs.tracking.kind import TrackedMissionKind
            from jobs.tracking.wiring import wiring as tracking

            return TrackedMissionKind(tracking)
        case "docs":
            from jobs.docs.kind import DocsKind
            from jobs.docs.wiring import wiring as docs

            return DocsKind(docs)
        case _:
            raise ValueError(f"no kind of job is named {name!r}")


core = CoreWiring(storage)
"""For workers that serve jobs of every kind."""
