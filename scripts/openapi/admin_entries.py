"""The operations of the admin API on entries of the registry."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.admin import errors
from jobs.admin.api import types
from jobs.core.entries import LimitsEntry
from jobs.docs.entries import ProjectEntry
from jobs.kit.http import BadRequestError, TooLargeError
from jobs.kit.types import CLOSED
from jobs.messaging.entries import AgentEntry
from jobs.missions.entries import DeviceOfGroup, GroupFields, MissionEntry
from jobs.webhooks.entries import WebhookEntry
from scripts.openapi.model import Operation, Type

type MakeOperation = Callable[..., Operation]

_ETAG_HEADER: Final = {"ETag": Annotated[str, Field(description="The entry's version")]}
_PATTERN: Final = r'^("[a-z0-9-]{0,64}"|\*)$'
_CONDITIONS: Final[dict[str, Type]] = {
    "If-Match": Annotated[
        str, Field(pattern=_PATTERN, description="Only if the entry has this ETag")
    ],
    "If-None-Match": Annotated[
        str, Field(pattern=_PATTERN, description="`*`: only if there is no such entry")
    ],
}
_FAILED: Final = errors.PreconditionFailedError()
_BAD_CONDITION: Final = BadRequestError('If-Match and If-None-Match must be "*" or one ETag')
_NO_TENANT: Final = errors.TenantNotFoundError("acme")
_CHANGED: Final = errors.EntryChangedError()


@with_config(CLOSED)
class Mission(TypedDict):
    """Each waypoint is `[longitude °, latitude °, altitude m]`."""

    id: str
    name: str
    waypoints: list[list[float]]


@with_config(CLOSED)
class ListAgentsResponse(TypedDict):
    agents: list[AgentEntry]
    nextCursor: NotRequired[types.NextCursor]


@with_config(CLOSED)
class ListDeviceGroupsResponse(TypedDict):
    deviceGroups: list[GroupFields]
    nextCursor: NotRequired[types.NextCursor]


@with_config(CLOSED)
class ListDevicesResponse(TypedDict):
    devices: list[DeviceOfGroup]
    nextCursor: NotRequired[types.NextCursor]


@with_config(CLOSED)
class ListMissionsResponse(TypedDict):
    missions: list[Mission]
    nextCursor: NotRequired[types.NextCursor]


@with_config(CLOSED)
class ListProjectsResponse(TypedDict):
    projects: list[ProjectEntry]
    nextCursor: NotRequired[types.NextCursor]


@with_config(CLOSED)
class ListWebhooksResponse(TypedDict):
    webhooks: list[WebhookEntry]
    nextCursor: NotRequired[types.NextCursor]


@dataclass(frozen=True, slots=True)
class _Kind:
    path: str
    word: str
    tag: str
    entry: Type
    page: Type
    example: Any
    shown: Type = None
    """The type of responses, if it is not that of requests."""


_KINDS: Final = (
    _Kind("agents", "agent", "Agents", AgentEntry, ListAgentsResponse, None),
    _Kind(
        "device-groups", "device group", "Drones", GroupFields, ListDeviceGroupsResponse,
        {"id": "quay", "name": "Quay", "description": "By the river"},
    ),
    _Kind(
        "devices", "device", "Drones", DeviceOfGroup, ListDevicesResponse,
        {"id": "quay-1", "name": "Quay dock", "groupId": "quay", "rangeMeters": 5000},
    ),
    _Kind(
        "missions", "mission", "Drones", MissionEntry, ListMissionsResponse,
        {"id": "round", "name": "Round", "waypoints": [[9.967, 53.5455, 40]]}, Mission,
    ),
    _Kind(
        "projects", "project", "Projects", ProjectEntry, ListProjectsResponse,
        {
            "id": "handbook",
            "repository": "https://github.com/acme/handbook.git",
            "provider": "scripted",
            "folder": "docs",
        },
    ),
    _Kind(
        "webhooks", "webhook", "Webhooks", WebhookEntry, ListWebhooksResponse,
        {"id": "crm", "url": "https://example.com/hooks", "events": ["completed"]},
    ),
)  # fmt: skip

TAGS: Final = {
    "Agents": "Agents that answer a tenant's messages",
    "Drones": "Device groups, devices and missions",
    "Projects": "Repositories of documentation agents",
    "Webhooks": "Webhooks for all of a tenant's jobs",
    "Limits": "Limits of a tenant that replace those of the stack",
}
HEADERS: Final = _ETAG_HEADER


def entry_operations(
    make: MakeOperation, cursor: Type, bad_cursor: Exception
) -> Iterator[Operation]:
    for kind in _KINDS:
        path = f"/admin/tenants/{{tenant}}/{kind.path}"
        name = kind.word.replace(" ", "_")
        yield make(
            f"list_{kind.path.replace('-', '_')}", "GET", path, f"List {kind.word}s",
            _NO_TENANT, bad_cursor,
            tag=kind.tag, query=cursor, handler="list_entries", responses={200: kind.page},
        )  # fmt: skip
        yield from _operations_on_one(make, kind, f"{path}/{{entryId}}", name)
    limits = _Kind("limits", "limits", "Limits", LimitsEntry, None, {"messagesPerMinute": 600})
    yield from _operations_on_one(make, limits, "/admin/tenants/{tenant}/limits", "limits")


def _operations_on_one(
    make: MakeOperation, kind: _Kind, path: str, name: str
) -> Iterator[Operation]:
    shown = kind.shown or kind.entry
    missing, word = errors.EntryNotFoundError(kind.path, "quay"), kind.word
    the_word = word if kind.page is None else f"{'an' if word[0] == 'a' else 'a'} {word}"
    yield make(
        f"get_{name}", "GET", path, f"Get {the_word}", _NO_TENANT, missing,
        tag=kind.tag, handler="get_entry",
        responses={200: shown}, response_headers={200: ["ETag"]},
    )  # fmt: skip
    yield make(
        f"put_{name}", "PUT", path, f"Create or replace {the_word}", *_refusals(kind),
        description="Replaces all fields. An unchanged entry is not written.",
        tag=kind.tag, body=kind.entry, example=kind.example, headers=_CONDITIONS,
        handler="put_entry",
        responses={200: shown, 201: shown},
        response_headers={200: ["ETag"], 201: ["ETag"]},
    )  # fmt: skip
    yield make(
        f"delete_{name}", "DELETE", path, f"Delete {the_word}",
        _NO_TENANT, missing, _BAD_CONDITION, _CHANGED, _FAILED,
        *([errors.EntryInUseError("devices belong to quay: move or delete them first")]
          if kind.path == "device-groups" else []),
        tag=kind.tag, headers=_CONDITIONS, handler="delete_entry",
        responses={200: types.Deleted},
    )  # fmt: skip


def _refusals(kind: _Kind) -> Sequence[Exception]:
    taken = [errors.IdTakenError(kind.path, "quay")] if kind.tag == "Drones" else []
    parent = [errors.ParentNotFoundError("device-groups", "quay")] if kind.path == "devices" else []
    refused = BadRequestError("id must be that of the path")
    return [_NO_TENANT, refused, TooLargeError(), _CHANGED, _FAILED, *taken, *parent]
