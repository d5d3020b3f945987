"""Watching missions stands on the fleet in memory."""

from tests.handlers.missions.conftest import (
    call,
    declared,
    fleet,
    fleet_registry,
    fleet_wiring,
    online,
    share,
    stored,
    watching,
)

__all__ = [
    "call",
    "declared",
    "fleet",
    "fleet_registry",
    "fleet_wiring",
    "online",
    "share",
    "stored",
    "watching",
]
