"""Models of documentation agents stand on the same servers as agents' providers."""

from tests.adapters.messaging.conftest import client, hasty, pauses, secrets, upstream

__all__ = ["client", "hasty", "pauses", "secrets", "upstream"]
