"""The missions API's request bodies, as types that pydantic validates.

Absent fields stay absent; no field accepts null.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Final, Literal, NoReturn, NotRequired, TypedDict

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    with_config,
)
from pydantic_core import PydanticCustomError

from jobs.core.webhook_body import WebhookBody
from jobs.kit import strict_json
from jobs.kit.body_rules import Whole
from jobs.kit.clock import Millis
from jobs.kit.http import BadRequestError
from jobs.missions.device import MAX_ALTITUDE_M, MIN_ALTITUDE_M

_MAX_METADATA_BYTES: Final = 10_000
_MAX_FIELD_ERRORS: Final = 100
_MAX_AHEAD: Final = timedelta(days=365)
_MAX_AGO: Final = timedelta(days=1)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)",
    re.IGNORECASE,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RANGES: Final = (
    ("Longitude", -180, 180),
    ("Latitude", -90, 90),
    ("Altitude", MIN_ALTITUDE_M, MAX_ALTITUDE_M),
)


def _fail(text: str) -> NoReturn:
    raise PydanticCustomError("rule", "{text}", {"text": text})


def _parse_time(text: Any, info: ValidationInfo[Millis]) -> Millis:
    """Parse a time near the validation context, the current time.

    A time of the last day means now. An older one is a mistake, such as a wrong year or unit.
    """
    if not (isinstance(text, str) and _TIME.fullmatch(text)):
        _fail("Input should be an ISO 8601 date and time with an offset from UTC")
    try:
        since = datetime.fromisoformat(text.upper()).astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError) as error:
        _fail(f"Input should be an existing date and time: {error}")
    if since > timedelta(milliseconds=info.context) + _MAX_AHEAD:
        _fail(f"Input should be at most {_MAX_AHEAD.days} days ahead")
    if since < timedelta(milliseconds=info.context) - _MAX_AGO:
        _fail("Input should be at most a day in the past")
    return since // timedelta(milliseconds=1)


def _check_ranges(coordinates: list[float]) -> list[float]:
    for value, (name, minimum, maximum) in zip(coordinates, _RANGES, strict=False):
        if not minimum <= value <= maximum:
            _fail(f"{name} should be from {minimum} to {maximum}")
    return coordinates


def _check_metadata(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    check(value)
    if len(strict_json.dumps(value).encode()) > _MAX_METADATA_BYTES:
        _fail(f"Input should have at most {_MAX_METADATA_BYTES} bytes as JSON")
    return value


_STRICT: Final = ConfigDict(strict=True, defer_build=True)
_CLOSED: Final = ConfigDict(strict=True, defer_build=True, extra="forbid")

Id = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
Description = Annotated[str, StringConstraints(max_length=2000)]
Priority = Annotated[int, Field(ge=1, le=10), Whole]
Moment = Annotated[
    Millis, BeforeValidator(_parse_time), WithJsonSchema({"type": "string", "format": "date-time"})
]
Opaque = Annotated[dict[str, Any], WrapValidator(_check_metadata)]
Coordinates = Annotated[
    list[float],
    Field(
        min_length=2,
        max_length=3,
        json_schema_extra={
            "prefixItems": [
                {"type": "number", "title": name, "minimum": minimum, "maximum": maximum}
                for name, minimum, maximum in _RANGES
            ]
        },
    ),
    AfterValidator(_check_ranges),
]


@with_config(_STRICT)
class Point(TypedDict):
    """GeoJSON: longitude °, latitude °, and optionally altitude m, above the take-off point."""

    type: Literal["Point"]
    coordinates: Coordinates


@with_config(_CLOSED)
class Simulate(TypedDict, total=False):
    """Instructions for a simulated drone."""

    speed: Literal["real", "fast"]
    outcome: Literal["reject", "offline", "lose-link", "fail", "overrun"]


@with_config(_STRICT)
class Metadata(TypedDict, total=False):
    """Any data of the caller. `simulate` and `offlinePolicy` have a meaning."""

    simulate: Simulate
    offlinePolicy: Any


@with_config(_STRICT)
class CreateJob(TypedDict):
    name: Name
    deviceGroupId: Id
    description: NotRequired[Description]
    missionId: NotRequired[Id]
    deviceId: NotRequired[Id]
    priority: NotRequired[Priority]
    scheduledAt: NotRequired[Moment]
    metadata: NotRequired[Annotated[Metadata, WrapValidator(_check_metadata)]]
    webhook: NotRequired[WebhookBody]


@with_config(
    _STRICT
    | ConfigDict(
        json_schema_extra={
            "if": {"properties": {"ActionOnArrival": {"const": "MISSION"}}},
            "then": {"required": ["MissionID"]},
            "else": {"required": ["DesiredLocation"]},
        }
    )
)
class OlderCreateJob(TypedDict):
    """The older body of a create. MISSION needs a MissionID, the others a DesiredLocation."""

    DeviceGroupID: Id
    ActionOnArrival: Literal["HOVER", "ORBIT", "MISSION"]
    MissionID: NotRequired[Id]
    DesiredLocation: NotRequired[Point]
    webhook: NotRequired[WebhookBody]


@with_config(_CLOSED | ConfigDict(json_schema_extra={"minProperties": 1}))
class UpdateJob(TypedDict, total=False):
    name: Name
    description: Description
    priority: Priority
    scheduledAt: Moment


CREATE: Final[TypeAdapter[CreateJob]] = TypeAdapter(CreateJob)
CREATE_OLDER: Final[TypeAdapter[OlderCreateJob]] = TypeAdapter(OlderCreateJob)
UPDATE: Final[TypeAdapter[UpdateJob]] = TypeAdapter(UpdateJob)


def is_legacy(body: Any) -> bool:
    """Return whether a create has fields of the older body, and no `deviceGroupId`."""
    return (
        isinstance(body, dict)
        and "deviceGroupId" not in body
        and not body.keys().isdisjoint(OlderCreateJob.__annotations__.keys() - {"webhook"})
    )


def validate_body[T: Mapping[str, Any]](kind: TypeAdapter[T], body: Any, *, now: Millis) -> T:
    """Return the body's known fields, or raise `BadRequestError` that names each invalid one."""
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object")
    invalid = _missing_for_action(body) if kind is CREATE_OLDER else {}
    try:
        fields = kind.validate_python(body, context=now)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        invalid |= {
            ".".join(map(str, e["loc"])): e["msg"] for e in islice(errors, _MAX_FIELD_ERRORS)
        }
    if invalid:
        raise BadRequestError("Missing or invalid parameters", invalid)
    return fields


def _missing_for_action(body: Mapping[str, Any]) -> dict[str, str]:
    action = body.get("ActionOnArrival")
    for field, actions in (("MissionID", ["MISSION"]), ("DesiredLocation", ["HOVER", "ORBIT"])):
        if action in actions and field not in body:
            return {field: f"Field required where ActionOnArrival is {action}"}
    return {}
