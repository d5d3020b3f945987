"""Every kind of job and of registry entry, by name.

Imports are inside: a cold start pays for its own kind only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jobs.core.wiring import CoreWiring

if TYPE_CHECKING:
    from jobs.core.kind import Kind, Storage
    from jobs.core.limited_queue import LimitedQueue
    from jobs.core.resource import Resource

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


def limited_queue(name: str) -> LimitedQueue:
    """Return the queue of a kind whose jobs need slots. Raises `ValueError` for another one."""
    match name:
        case "messaging":
            from jobs.messaging.wiring import wiring as messaging

            return messaging.queue
        case "docs":
            from jobs.docs.wiring import wiring as docs

            return docs.docs_queue
        case _:
            raise ValueError(f"no kind of job with slots is named {name!r}")


COLLECTIONS: Final = ("agents", "device-groups", "devices", "missions", "projects", "webhooks")
"""Kinds of registry entries of which a tenant may have several."""

RESOURCES: Final = (*COLLECTIONS, "limits")


def resource(name: str) -> Resource[Any]:  # noqa: PLR0911 - one for each
    """Return a kind of registry entry. Raises `ValueError` for an unknown one."""
    match name:
        case "agents":
            from jobs.messaging.adapters.resources import AGENTS

            return AGENTS
        case "device-groups":
            from jobs.missions.adapters.resources import GROUPS

            return GROUPS
        case "devices":
            from jobs.missions.adapters.resources import DEVICES

            return DEVICES
        case "limits":
            from jobs.core.adapters.resources import LIMITS

            return LIMITS
        case "missions":
            from jobs.missions.adapters.resources import MISSIONS

            return MISSIONS
        case "partners":  # are created and rotated, and never put
            from jobs.missions.adapters.resources import PARTNERS

            return PARTNERS
        case "projects":
            from jobs.docs.adapters.resources import PROJECTS

            return PROJECTS
        case "webhooks":
            from jobs.webhooks.adapters.resources import WEBHOOKS

            return WEBHOOKS
        case _:
            raise ValueError(f"no registry entries are named {name!r}")


def resources() -> list[Resource[Any]]:
    return [resource(name) for name in RESOURCES]


core = CoreWiring(storage)
"""For workers that serve jobs of every kind."""
