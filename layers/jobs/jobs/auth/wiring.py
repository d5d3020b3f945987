"""Composes authentication; see `jobs.core.wiring`."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.kit.aws.clients import clients
from jobs.kit.clock import now

if TYPE_CHECKING:
    from jobs.auth.adapters.api_keys import DynamoApiKeys, DynamoKeyUses
    from jobs.auth.authenticate import Authenticate
    from jobs.kit.aws.clients import AwsClients
    from jobs.kit.clock import Clock


class AuthWiring:
    def __init__(self) -> None:
        self.aws: AwsClients = clients
        self.clock: Clock = now

    @cached_property
    def authenticate(self) -> Authenticate:
        from jobs.auth.authenticate import Authenticate

        return Authenticate(keys=self.api_keys, uses=self.key_uses, clock=self.clock)

    @cached_property
    def api_keys(self) -> DynamoApiKeys:
        from jobs.auth.adapters.api_keys import DynamoApiKeys

        return DynamoApiKeys(self.aws.dynamodb, os.environ["REGISTRY_TABLE"])

    @cached_property
    def key_uses(self) -> DynamoKeyUses:
        from jobs.auth.adapters.api_keys import DynamoKeyUses

        return DynamoKeyUses(self.aws.hasty_dynamodb, os.environ["REGISTRY_TABLE"])


wiring = AuthWiring()
