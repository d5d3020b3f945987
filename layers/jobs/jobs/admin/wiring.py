"""Composes the admin API. `jobs.core.wiring` explains wirings."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.clients import clients
from jobs.kit.clock import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.admin.adapters.registry import DynamoAuditLog, DynamoRegistry
    from jobs.admin.manage_entries import ManageEntries
    from jobs.admin.manage_keys import ManageKeys
    from jobs.admin.manage_partners import ManagePartners
    from jobs.admin.manage_tenants import ManageTenants
    from jobs.auth.api_key import ApiKey
    from jobs.core.adapters.dynamodb.usage import DynamoUsage
    from jobs.core.resource import Resource
    from jobs.kit.aws.clients import AwsClients
    from jobs.kit.clock import Clock
    from jobs.missions.adapters.app_clients import CognitoAppClients
    from jobs.missions.adapters.topic_claims import TopicClaims
    from jobs.missions.partner import Client


class AdminWiring:
    def __init__(self) -> None:
        self.aws: AwsClients = clients
        self.clock: Clock = now

    @cached_property
    def manage_tenants(self) -> ManageTenants:
        from jobs.admin.manage_tenants import ManageTenants

        return ManageTenants(registry=self.registry, clock=self.clock)

    @cached_property
    def manage_keys(self) -> ManageKeys:
        from jobs.admin.manage_keys import ManageKeys

        return ManageKeys(registry=self.registry, keys=self.keys, clock=self.clock)

    @cached_property
    def manage_partners(self) -> ManagePartners:
        from jobs.admin.manage_partners import ManagePartners

        return ManagePartners(
            registry=self.registry,
            partners=self.partners,
            keys=self.keys,
            app_clients=self.app_clients,
            claim_topics=self.claim_topics,
            clock=self.clock,
        )

    def manage_entries(self, resources: Sequence[Resource[Any]]) -> ManageEntries:
        """Return the use case over all kinds of entries, which only `jobs.kinds` knows."""
        from jobs.admin.manage_entries import ManageEntries

        return ManageEntries(registry=self.registry, resources=resources, clock=self.clock)

    @cached_property
    def keys(self) -> Resource[ApiKey]:
        from jobs.auth.adapters.resources import KEYS

        return KEYS

    @cached_property
    def partners(self) -> Resource[Client]:
        from jobs.missions.adapters.resources import PARTNERS

        return PARTNERS

    @cached_property
    def app_clients(self) -> CognitoAppClients:
        from jobs.missions.adapters.app_clients import CognitoAppClients

        return CognitoAppClients(self.aws.cognito, os.environ["USER_POOL_ID"])

    @cached_property
    def claim_topics(self) -> TopicClaims:
        from jobs.missions.adapters.topic_claims import TopicClaims

        return TopicClaims(
            self.aws.dynamodb, os.environ["REGISTRY_TABLE"], stack=os.environ["STACK_NAME"]
        )

    @cached_property
    def registry(self) -> DynamoRegistry:
        from jobs.admin.adapters.registry import DynamoRegistry

        return DynamoRegistry(
            self.aws.dynamodb, os.environ["REGISTRY_TABLE"], os.environ["AUDIT_TABLE"]
        )

    @cached_property
    def audit_log(self) -> DynamoAuditLog:
        from jobs.admin.adapters.registry import DynamoAuditLog

        return DynamoAuditLog(self.aws.dynamodb, os.environ["AUDIT_TABLE"])

    @cached_property
    def usage(self) -> DynamoUsage:
        from jobs.core.adapters.dynamodb.usage import DynamoUsage

        return DynamoUsage(self.aws.dynamodb, os.environ["COUNTER_TABLE"], self.clock)


wiring = AdminWiring()
