"""The fakes of the handlers, for the generated clients."""

from tests.handlers.conftest import event, invoke, log, stored, world
from tests.handlers.everything import *  # noqa: F403 - fixtures

__all__ = ["event", "invoke", "log", "stored", "world"]
