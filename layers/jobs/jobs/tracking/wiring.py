"""Composes tracking; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.missions.wiring import MissionsWiring
from jobs.missions.wiring import wiring as missions_wiring

if TYPE_CHECKING:
    from jobs.kit.clock import Millis
    from jobs.missions.partner import Caller
    from jobs.tracking.adapters.connections import DynamoConnections
    from jobs.tracking.adapters.iot_topics import IotTopics
    from jobs.tracking.adapters.refreshes import SqsRefreshes
    from jobs.tracking.adapters.shares import DynamoShares
    from jobs.tracking.adapters.sockets import ApiGatewaySockets
    from jobs.tracking.adapters.timers import StepFunctionsShareTimers
    from jobs.tracking.adapters.tokens import AccessTokens
    from jobs.tracking.adapters.updates import SqsUpdates
    from jobs.tracking.authorize_connection import AuthorizeConnection
    from jobs.tracking.broadcast import Broadcast
    from jobs.tracking.create_share import CreateShare
    from jobs.tracking.drop_viewers import DropViewers
    from jobs.tracking.find_resource import FindResource
    from jobs.tracking.get_share import GetShare
    from jobs.tracking.grant_topics import GrantTopics
    from jobs.tracking.notify_watchers import NotifyWatchers
    from jobs.tracking.refresh_connection import RefreshConnection
    from jobs.tracking.send_initial_state import SendInitialState
    from jobs.tracking.snapshot import ReadSnapshot


class TrackingWiring:
    def __init__(self, missions: MissionsWiring) -> None:
        self.core = missions.core
        self.missions = missions

    # ── Shares ──────────────────────────────────────────────────────────────────────

    @cached_property
    def create_share(self) -> CreateShare:
        from jobs.tracking.create_share import CreateShare

        return CreateShare(
            find=self._find_resource,
            registry=self.missions.fleet_registry,
            shares=self.shares,
            clock=self.core.clock,
        )

    @cached_property
    def get_share(self) -> GetShare:
        from jobs.tracking.get_share import GetShare

        return GetShare(shares=self.shares)

    @cached_property
    def drop_viewers(self) -> DropViewers:
        from jobs.tracking.drop_viewers import DropViewers

        return DropViewers(connections=self.connections, sockets=self.sockets)

    # ── Authorization ───────────────────────────────────────────────────────────────

    @cached_property
    def authorize_connection(self) -> AuthorizeConnection:
        from jobs.tracking.authorize_connection import AuthorizeConnection

        return AuthorizeConnection(
            authenticate=self.authenticate,
            find=self._find_resource,
            shares=self.shares,
            clock=self.core.clock,
        )

    @cached_property
    def grant_topics(self) -> GrantTopics:
        from jobs.tracking.grant_topics import GrantTopics

        return GrantTopics(
            authenticate=self.authenticate,
            registry=self.missions.fleet_registry,
            shares=self.shares,
            stack=os.environ["STACK_NAME"],
        )

    def authenticate(self, token: str) -> tuple[Caller, Millis]:
        """Return the caller and expiry of an access token. Raises `InvalidTokenError`."""
        from jobs.missions.api import access as missions_access

        claims = self.token_verifier.claims(token)
        caller = missions_access.identify_caller(claims, self.missions.partners.client)
        return caller, claims["exp"] * 1000

    @cached_property
    def token_verifier(self) -> AccessTokens:
        from jobs.tracking.adapters.tokens import AccessTokens

        issuer = os.environ["TOKEN_ISSUER"]
        return AccessTokens(issuer, os.environ["TOKEN_KEYS_URL"], self.core.clock)

    @property
    def iot_arn(self) -> str:
        return os.environ["IOT_ARN"]

    # ── Notification ────────────────────────────────────────────────────────────────

    @cached_property
    def notify_watchers(self) -> NotifyWatchers:
        from jobs.tracking.api import messages as missions_messages
        from jobs.tracking.notify_watchers import NotifyWatchers

        return NotifyWatchers(
            repository=self.core.jobs,
            registry=self.missions.fleet_registry,
            fleet=self.missions.fleet,
            connections=self.connections,
            messages=missions_messages,
            broadcast=self._broadcast,
        )

    @cached_property
    def send_initial_state(self) -> SendInitialState:
        from jobs.tracking.send_initial_state import SendInitialState

        return SendInitialState(
            connections=self.connections,
            sockets=self.sockets,
            read_snapshot=self._read_snapshot,
            broadcast=self._broadcast,
            sleep=self.core.sleep,
        )

    @cached_property
    def refresh_connection(self) -> RefreshConnection:
        from jobs.tracking.refresh_connection import RefreshConnection

        return RefreshConnection(
            connections=self.connections,
            sockets=self.sockets,
            refreshes=self.refreshes,
            read_snapshot=self._read_snapshot,
            broadcast=self._broadcast,
            clock=self.core.clock,
        )

    @cached_property
    def _read_snapshot(self) -> ReadSnapshot:
        from jobs.tracking.api import messages as missions_messages
        from jobs.tracking.snapshot import ReadSnapshot

        return ReadSnapshot(
            repository=self.core.jobs,
            registry=self.missions.fleet_registry,
            fleet=self.missions.fleet,
            messages=missions_messages,
            clock=self.core.clock,
        )

    @cached_property
    def _broadcast(self) -> Broadcast:
        from jobs.tracking.api import messages as missions_messages
        from jobs.tracking.broadcast import Broadcast

        return Broadcast(
            connections=self.connections,
            sockets=self.sockets,
            topics=self.topics,
            shares=self.shares,
            messages=missions_messages,
            clock=self.core.clock,
        )

    # ── Adapters ───────────────────────────────────────────────────────────────────────

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
    def refreshes(self) -> SqsRefreshes:
        from jobs.tracking.adapters.refreshes import SqsRefreshes

        return SqsRefreshes(self.core.aws.sqs, os.environ["CONNECTION_QUEUE_URL"])

    @cached_property
    def updates(self) -> SqsUpdates:
        from jobs.tracking.adapters.updates import SqsUpdates

        return SqsUpdates(self.core.aws.sqs, os.environ["UPDATE_QUEUE_URL"])

    @cached_property
    def topics(self) -> IotTopics:
        from jobs.tracking.adapters.iot_topics import IotTopics

        return IotTopics(self.core.aws.iot_data)

    @cached_property
    def _find_resource(self) -> FindResource:
        from jobs.tracking.find_resource import FindResource

        return FindResource(repository=self.core.jobs, registry=self.missions.fleet_registry)


wiring = TrackingWiring(missions_wiring)
