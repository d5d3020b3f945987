"""Messages about devices, forwarded by IoT rules. `thing` is the name of the device's thing."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jobs.kit import strict_json
from jobs.missions.device import Disconnection, Reading
from jobs.missions.thing import device_of

_MAX_SEQUENCE = 10**15
type _Degrees = Annotated[float, Field(ge=-360, le=360)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class _Position(_Message):
    type: Literal["Point"]
    coordinates: Annotated[list[float], Field(min_length=2, max_length=3)]


class _Orientation(_Message):
    heading: _Degrees
    pitch: _Degrees
    roll: _Degrees


class _Velocity(_Message):
    groundSpeed: float  # noqa: N815 - wire name
    verticalSpeed: float  # noqa: N815 - wire name


class _Navigation(_Message):
    position: _Position
    orientation: _Orientation
    velocity: _Velocity


class _CameraOrientation(_Message):
    pitch: _Degrees
    yaw: _Degrees
    roll: _Degrees


class _Camera(_Message):
    orientation: _CameraOrientation


class _SensorPayload(_Message):
    camera: _Camera


class _Weather(_Message):
    windSpeed: float  # noqa: N815 - wire name
    windDirection: _Degrees  # noqa: N815 - wire name
    temperature: float
    humidity: float
    rain: bool | float


class _Values(_Message):
    droneState: Literal[  # noqa: N815 - wire name
        "MANUAL", "GPS_NORMAL", "WAYPOINT", "HOVER", "ORBIT", "LANDED", "DOCKED", "RETURNING"
    ]
    dockState: Literal[  # noqa: N815 - wire name
        "OPEN", "CLOSED", "OPENING", "CLOSING", "COOLING", "CHARGING", "TASK_INPROGRESS"
    ]
    navigation: _Navigation
    battery: Annotated[float, Field(ge=0, le=100)] | None = None
    sensorPayload: _SensorPayload | None = None  # noqa: N815 - wire name
    weather: _Weather | None = None


class _Telemetry(_Values):
    thing: Annotated[str, Field(min_length=1, max_length=128)]
    sequence: Annotated[int, Field(ge=0, le=_MAX_SEQUENCE)]
    timestamp: Annotated[str, Field(max_length=40)]
    orderId: Annotated[str, Field(max_length=64)] | None = None  # noqa: N815 - wire name


FIELDS: Final = frozenset(_Telemetry.model_fields) | {"online"}
"""All fields that the rule must forward."""


def parse_telemetry(text: str) -> Reading | Disconnection:
    """Parse a message. A last will has `"online": false`.

    Raises `ValueError`, whose text contains no values of the message.
    """
    message: Any = strict_json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004 - of the wrong shape, as all below
    if message.get("online") is False:
        return Disconnection(device=device_of(str(message["thing"])))
    try:
        telemetry = _Telemetry.model_validate(message)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}") from None
    return Reading(
        device=device_of(telemetry.thing),
        sequence=telemetry.sequence,
        online=True,
        order=telemetry.orderId,
        timestamp=telemetry.timestamp,
        values=telemetry.model_dump(include=set(_Values.model_fields), exclude_none=True),
    )
