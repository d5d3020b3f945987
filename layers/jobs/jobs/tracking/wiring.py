"""Composes watching and sharing; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.missions.wiring import MissionsWiring
from jobs.missions.wiring import wiring as missions_wiring

if TYPE_CHECKING:
    from jobs.kit.clock import Millis
    from jobs.missions.partner import Caller
    from jobs.missions.take_reading import TakeReading
    from jobs.tracking.adapters.connections import DynamoConnections
    from jobs.tracking.adapters.iot_topics import IotTopics
    from jobs.tracking.adapters.shares import DynamoShares
    from jobs.tracking.adapters.sockets import ApiGatewaySockets
    from jobs.tracking.adapters.timers import StepFunctionsShareTimers
    from jobs.tracking.adapters.tokens import AccessTokens
    from jobs.tracking.admit_watcher import AdmitWatcher
    from jobs.tracking.broadcast import Broadcast
    from jobs.tracking.create_share import CreateShare
    from jobs.tracking.drop_viewers import DropViewers
    from jobs.tracking.find_resource import FindResource
    from jobs.tracking.get_share import GetShare
    from jobs.tracking.grant_topics import GrantTopics
    from jobs.tracking.greet import Greet
    from jobs.tracking.tell_watchers import TellWatchers


class TrackingWiring:
    def __init__(self, missions: MissionsWiring) -> None:
        self.core = missions.core
        self.missions = missions

    # ── Shares ──────────────────────────────────────────────────────────────────────

    @cached_property
    def create_share(self) -> CreateShare:
        from jobs.tracking.create_share import CreateShare

        return CreateShare(find=self._find_resource, shares=self.shares, clock=self.core.clock)

    @cached_property
    def get_share(self) -> GetShare:
        from jobs.tracking.get_share import GetShare

        return GetShare(shares=self.shares)

    @cached_property
    def drop_viewers(self) -> DropViewers:
        from jobs.tracking.drop_viewers import DropViewers

        return DropViewers(connections=self.connections, sockets=self.sockets)

    # ── Who may watch ───────────────────────────────────────────────────────────────

    @cached_property
    def admit_watcher(self) -> AdmitWatcher:
        from jobs.tracking.admit_watcher import AdmitWatcher

        return AdmitWatcher(
            bearer=self.bearer, find=self._find_resource, shares=self.shares, clock=self.core.clock
        )

    @cached_property
    def grant_topics(self) -> GrantTopics:
        from jobs.tracking.grant_topics import GrantTopics

        return GrantTopics(
            bearer=self.bearer, registry=self.missions.fleet_registry, shares=self.shares
        )

    def bearer(self, token: str) -> tuple[Caller, Millis]:
        """Return whose access token this is, and until when. Raises `InvalidTokenError`."""
        from jobs.missions.api import access as missions_access

        claims = self.token_verifier.claims(token)
        caller = missions_access.caller(claims, self.missions.partners.client)
        return caller, claims["exp"] * 1000

    @cached_property
    def token_verifier(self) -> AccessTokens:
        from jobs.tracking.adapters.tokens import AccessTokens

        issuer = os.environ["TOKEN_ISSUER"]
        return AccessTokens(issuer, os.environ["TOKEN_KEYS_URL"], self.core.clock)

    @property
    def iot_arn(self) -> str:
        return os.environ["IOT_ARN"]

    # ── Telling them ────────────────────────────────────────────────────────────────

    @cached_property
    def tell_watchers(self) -> TellWatchers:
        from jobs.tracking.api import messages as missions_stream
        from jobs.tracking.tell_watchers import TellWatchers

        return TellWatchers(
            repository=self.core.jobs,
            registry=self.missions.fleet_registry,
            fleet=self.missions.fleet,
            words=missions_stream,
            broadcast=self._broadcast,
        )

    @cached_property
    def take_reading(self) -> TakeReading:
        from jobs.missions.take_reading import TakeReading

        return TakeReading(
            repository=self.core.jobs,
            registry=self.missions.fleet_registry,
            fleet=self.missions.fleet,
            waiting=self.missions.waiting,
            queue=self.missions.mission_queue,
            take_report=self.missions.take_report,
            watchers=self.tell_watchers,
            clock=self.core.clock,
            silence=self.missions.silence,
        )

    @cached_property
    def greet(self) -> Greet:
        from jobs.tracking.api import messages as missions_stream
        from jobs.tracking.greet import Greet

        return Greet(
            connections=self.connections,
            repository=self.core.jobs,
            registry=self.missions.fleet_registry,
            fleet=self.missions.fleet,
            sockets=self.sockets,
            words=missions_stream,
            broadcast=self._broadcast,
            clock=self.core.clock,
            sleep=self.core.sleep,
        )

    @cached_property
    def _broadcast(self) -> Broadcast:
        from jobs.tracking.api import messages as missions_stream
        from jobs.tracking.broadcast import Broadcast

        return Broadcast(
            connections=self.connections,
            sockets=self.sockets,
            topics=self.topics,
            words=missions_stream,
            clock=self.core.clock,
        )

    # ── What it stands on ───────────────────────────────────────────────────────────

    @cached_property
    def shares(self) -> DynamoShares:
        from jobs.tracking.adapters.shares import DynamoShares

        return DynamoShares(self.core.aws.dynamodb, os.environ["MISSION_TABLE"], self.core.clock)

    @cached_property
    def connections(self) -> DynamoConnections:
        from jobs.tracking.adapters.connections import DynamoConnections

        return DynamoConnections(
            self.core.aws.dynamodb, os.environ["MISSION_TABLE"], self.core.clock
        )

    @cached_property
    def share_timers(self) -> StepFunctionsShareTimers:
        from jobs.tracking.adapters.timers import StepFunctionsShareTimers

        return StepFunctionsShareTimers(
            self.core.aws.step_functions, expiry_arn=os.environ["SHARE_EXPIRY_ARN"]
        )

    @cached_property
    def sockets(self) -> ApiGatewaySockets:
        from jobs.tracking.adapters.sockets import ApiGatewaySockets

        client = self.core.aws.make(
            "apigatewaymanagementapi", endpoint_url=os.environ["SOCKETS_URL"]
        )
        return ApiGatewaySockets(client)

    @cached_property
    def topics(self) -> IotTopics:
        from jobs.tracking.adapters.iot_topics import IotTopics

        return IotTopics(self.core.aws.iot_data)

    @cached_property
    def _find_resource(self) -> FindResource:
        from jobs.tracking.find_resource import FindResource

        return FindResource(repository=self.core.jobs, registry=self.missions.fleet_registry)


wiring = TrackingWiring(missions_wiring)
