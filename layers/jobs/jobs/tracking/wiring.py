"""The composition root's third part, for watching; `jobs.core.wiring` says how all of them work."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobs.core import wiring as bootstrap
from jobs.missions import wiring as mission_bootstrap

if TYPE_CHECKING:
    from jobs.core.job import Millis
    from jobs.kit.aws.stepfunctions import StepFunctionsShareTimers
    from jobs.missions.partner import Caller
    from jobs.tracking.adapters.connections import DynamoConnections
    from jobs.tracking.adapters.iot_topics import IotTopics
    from jobs.tracking.adapters.shares import DynamoShares
    from jobs.tracking.adapters.sockets import ApiGatewaySockets
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


# ── Shares ──────────────────────────────────────────────────────────────────────


@cache
def create_share() -> CreateShare:
    from jobs.tracking.create_share import CreateShare

    return CreateShare(find=_find_resource(), shares=shares(), clock=bootstrap.now)


@cache
def get_share() -> GetShare:
    from jobs.tracking.get_share import GetShare

    return GetShare(shares=shares())


@cache
def drop_viewers() -> DropViewers:
    from jobs.tracking.drop_viewers import DropViewers

    return DropViewers(connections=connections(), sockets=sockets())


# ── Who may watch ───────────────────────────────────────────────────────────────


@cache
def admit_watcher() -> AdmitWatcher:
    from jobs.tracking.admit_watcher import AdmitWatcher

    return AdmitWatcher(bearer=bearer, find=_find_resource(), shares=shares(), clock=bootstrap.now)


@cache
def grant_topics() -> GrantTopics:
    from jobs.tracking.grant_topics import GrantTopics

    return GrantTopics(bearer=bearer, registry=mission_bootstrap.fleet_registry(), shares=shares())


def bearer(token: str) -> tuple[Caller, Millis]:
    """Return whose access token this is, and until when. Raises `InvalidTokenError`."""
    from jobs.missions.api import access as missions_access

    claims = token_verifier().claims(token)
    caller = missions_access.caller(claims, bootstrap.registry().client)
    return caller, claims["exp"] * 1000


@cache
def token_verifier() -> AccessTokens:
    from jobs.tracking.adapters.tokens import AccessTokens

    issuer = os.environ["TOKEN_ISSUER"]
    emulator = os.environ.get("AWS_ENDPOINT_URL")
    keys = f"{emulator}/{issuer.rsplit('/', 1)[1]}" if emulator else issuer
    return AccessTokens(issuer, f"{keys}/.well-known/jwks.json", bootstrap.now)


def iot_arn() -> str:
    return os.environ["IOT_ARN"]


# ── Telling them ────────────────────────────────────────────────────────────────


@cache
def tell_watchers() -> TellWatchers:
    from jobs.tracking.api import messages as missions_stream
    from jobs.tracking.tell_watchers import TellWatchers

    return TellWatchers(
        repository=bootstrap.repository(),
        registry=mission_bootstrap.fleet_registry(),
        fleet=mission_bootstrap.fleet(),
        words=missions_stream,
        broadcast=_broadcast(),
    )


@cache
def greet() -> Greet:
    from jobs.tracking.api import messages as missions_stream
    from jobs.tracking.greet import Greet

    return Greet(
        connections=connections(),
        repository=bootstrap.repository(),
        registry=mission_bootstrap.fleet_registry(),
        fleet=mission_bootstrap.fleet(),
        sockets=sockets(),
        words=missions_stream,
        broadcast=_broadcast(),
        clock=bootstrap.now,
        sleep=time.sleep,
    )


@cache
def _broadcast() -> Broadcast:
    from jobs.tracking.api import messages as missions_stream
    from jobs.tracking.broadcast import Broadcast

    return Broadcast(
        connections=connections(),
        sockets=sockets(),
        topics=topics(),
        words=missions_stream,
        clock=bootstrap.now,
    )


# ── What it stands on ───────────────────────────────────────────────────────────


@cache
def shares() -> DynamoShares:
    from jobs.tracking.adapters.shares import DynamoShares

    return DynamoShares(bootstrap.dynamodb(), os.environ["MISSION_TABLE"], bootstrap.now)


@cache
def connections() -> DynamoConnections:
    from jobs.tracking.adapters.connections import DynamoConnections

    return DynamoConnections(bootstrap.dynamodb(), os.environ["MISSION_TABLE"], bootstrap.now)


@cache
def share_timers() -> StepFunctionsShareTimers:
    from jobs.kit.aws.stepfunctions import StepFunctionsShareTimers

    return StepFunctionsShareTimers(
        bootstrap.client("stepfunctions"), expiry_arn=os.environ["SHARE_EXPIRY_ARN"]
    )


@cache
def sockets() -> ApiGatewaySockets:
    from jobs.tracking.adapters.sockets import ApiGatewaySockets

    url, emulator = os.environ["SOCKETS_URL"], os.environ.get("AWS_ENDPOINT_URL")
    if emulator:
        where = urlsplit(url)
        url = f"{emulator}/_aws/execute-api/{where.netloc.partition('.')[0]}{where.path}"
    return ApiGatewaySockets(bootstrap.client("apigatewaymanagementapi", endpoint_url=url))


@cache
def topics() -> IotTopics:
    from jobs.tracking.adapters.iot_topics import IotTopics

    return IotTopics(bootstrap.client("iot-data"))


@cache
def _find_resource() -> FindResource:
    from jobs.tracking.find_resource import FindResource

    return FindResource(
        repository=bootstrap.repository(), registry=mission_bootstrap.fleet_registry()
    )
