"""The missions API on the fleet of `tests.handlers.fleet`."""

from tests.handlers.fleet import (  # noqa: F401 - fixtures
    call,
    fleet,
    fleet_registry,
    fleet_wiring,
    online,
    stored,
    tracks,
)
