"""Fixtures: models of documentation agents use the servers of messaging providers."""

from tests.adapters.messaging.conftest import client, fast_client, pauses, secrets, upstream

__all__ = ["client", "fast_client", "pauses", "secrets", "upstream"]
