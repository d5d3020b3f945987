"""A dock's telemetry as JSON."""

from datetime import UTC, datetime
from typing import Any

from local.devices.flight import Pose


def to_telemetry(pose: Pose) -> dict[str, Any]:
    lon, lat, alt = pose.position
    return {
        "droneState": pose.drone,
        "dockState": pose.dock,
        "navigation": {
            "position": {
                "type": "Point",
                "coordinates": [round(lon, 7), round(lat, 7), round(alt, 1)],
            },
            "orientation": {
                "heading": round(pose.heading, 1),
                "pitch": round(pose.pitch, 1),
                "roll": round(pose.roll, 1),
            },
            "velocity": {
                "groundSpeed": round(pose.ground_speed, 1),
                "verticalSpeed": round(pose.vertical_speed, 1),
            },
        },
        "sensorPayload": {
            "camera": {
                "orientation": {
                    "pitch": -45.0 if pose.airborne else 0.0,
                    "yaw": round(pose.heading, 1),
                    "roll": 0.0,
                }
            }
        },
    }


def last_will(device_id: str) -> dict[str, Any]:
    """Return the message that the broker publishes for the dock when the link is lost."""
    return {"deviceId": device_id, "online": False}


def format_timestamp(now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
