"""The missions API (contract: missions.md): parses request bodies.

Imports pydantic, so only functions that take a body import this; `query` parses the rest.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from jobs.core.webhook_request import webhook_of
from jobs.kit.clock import Millis
from jobs.kit.fingerprint import fingerprint
from jobs.kit.http import BadRequestError, Request
from jobs.missions.api import bodies as missions_body
from jobs.missions.api.bodies import CreateJob, OlderCreateJob
from jobs.missions.create_mission import NewMission
from jobs.missions.mission import KIND
from jobs.missions.partner import Caller

_DEFAULT_PRIORITY: Final = 5
_FIELDS: Final = {"scheduledAt": "scheduled_at"}


def parse_create(
    request: Request, caller: Caller, *, now: Millis, loopback: bool = False
) -> NewMission:
    """Parse a create request of either style. Raises `BadRequestError`."""
    body, key = request.json(), request.idempotency_key()
    new = parse_mission(body, tenant=caller.tenant, key=key, now=now, loopback=loopback)
    return replace(new, key_id=caller.client_id)


def parse_mission(
    body: Any, *, tenant: str, key: str | None, now: Millis, loopback: bool
) -> NewMission:
    """Parse the body of a create of either style. Raises `BadRequestError`.

    `loopback` allows a webhook on this machine.
    """
    create: CreateJob | OlderCreateJob
    if missions_body.is_legacy(body):
        create = missions_body.validate_body(missions_body.CREATE_OLDER, body, now=now)
        new = _from_legacy_body(create, tenant, key)
    else:
        create = missions_body.validate_body(missions_body.CREATE, body, now=now)
        new = _from_body(create, tenant, key)
    return replace(new, webhook=webhook_of(create.get("webhook"), loopback=loopback))


def _from_body(body: CreateJob, tenant: str, key: str | None) -> NewMission:
    metadata = body.get("metadata", {})
    return NewMission(
        tenant=tenant,
        kind=KIND,
        name=body["name"],
        description=body.get("description"),
        group=body["deviceGroupId"],
        device=body.get("deviceId"),
        online_only=metadata.get("offlinePolicy") == "reject",
        plan=body.get("missionId"),
        action="MISSION" if "missionId" in body else "HOVER",
        priority=body.get("priority", _DEFAULT_PRIORITY),
        scheduled_at=body.get("scheduledAt"),
        request=_without_none(missionId=body.get("missionId"), metadata=metadata),
        idempotency_key=key,
        request_hash=fingerprint(body),
    )


def _from_legacy_body(body: OlderCreateJob, tenant: str, key: str | None) -> NewMission:
    """Derive a name from the action: this body has none."""
    place = body.get("DesiredLocation")
    coordinates = place["coordinates"] if place else None
    plan, action = body.get("MissionID"), body["ActionOnArrival"]
    where = f"at {coordinates[1]:.5f}, {coordinates[0]:.5f}" if coordinates else ""
    return NewMission(
        tenant=tenant,
        kind=KIND,
        name=f"Mission {plan}" if action == "MISSION" else f"{action.capitalize()} {where}",
        group=body["DeviceGroupID"],
        plan=plan,
        action=action,
        place=coordinates,
        priority=_DEFAULT_PRIORITY,
        request=_without_none(missionId=plan, location=place, metadata={}, legacy=True),
        idempotency_key=key,
        request_hash=fingerprint(body),
    )


def _without_none(**fields: Any) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def parse_update(request: Request, *, now: Millis) -> Mapping[str, Any]:
    """Return the fields to change, at least one. Raises `BadRequestError`."""
    body = missions_body.validate_body(missions_body.UPDATE, request.json(), now=now)
    if not body:
        raise BadRequestError("Give at least one of name, description, priority, scheduledAt")
    return {_FIELDS.get(name, name): value for name, value in body.items()}
