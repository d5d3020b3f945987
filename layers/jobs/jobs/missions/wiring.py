"""The composition root's half for missions; `jobs.core.wiring` says how both of them work."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from jobs.core import wiring as bootstrap

if TYPE_CHECKING:
    from jobs.core.adapters.dynamodb.rate_limits import DynamoRateLimits
    from jobs.core.job import Millis
    from jobs.core.limit_rate import LimitRate
    from jobs.kit.aws.sqs import SqsMissionQueue
    from jobs.kit.aws.stepfunctions import StepFunctionsMissionTimers
    from jobs.kit.http import Request
    from jobs.missions.adapters.cognito import CognitoTokens
    from jobs.missions.adapters.fleet import DynamoFleet
    from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
    from jobs.missions.adapters.iot_jobs import IotOrders
    from jobs.missions.adapters.storage import DynamoWaitingMissions
    from jobs.missions.amend_mission import AmendJob
    from jobs.missions.api.responses import Addresses
    from jobs.missions.assign_missions import AssignMissions
    from jobs.missions.cancel_mission import CancelMission
    from jobs.missions.check_device import CheckDevice
    from jobs.missions.create_mission import CreateMission
    from jobs.missions.delete_mission import DeleteJob
    from jobs.missions.follow_mission import FollowMission
    from jobs.missions.issue_token import IssueToken
    from jobs.missions.ports import Watchers
    from jobs.missions.run_mission import RunMission
    from jobs.missions.settle_mission import SettleMission
    from jobs.missions.take_reading import TakeReading
    from jobs.missions.take_report import TakeReport
    from jobs.missions.watch_mission import WatchMission


# ── Who is calling, and how often ───────────────────────────────────────────────


@cache
def issue_token() -> IssueToken:
    from jobs.missions.issue_token import IssueToken

    return IssueToken(registry=bootstrap.registry(), issuer=token_issuer())


@cache
def limit_rate() -> LimitRate:
    from jobs.core.limit_rate import LimitRate

    return LimitRate(limits=rate_limits())


@cache
def token_issuer() -> CognitoTokens:
    from jobs.missions.adapters.cognito import CognitoTokens

    emulator = os.environ.get("AWS_ENDPOINT_URL")
    return CognitoTokens(f"{emulator}/oauth2/token" if emulator else os.environ["TOKEN_URL"])


@cache
def rate_limits() -> DynamoRateLimits:
    from jobs.core.adapters.dynamodb.rate_limits import DynamoRateLimits

    return DynamoRateLimits(bootstrap.dynamodb(), os.environ["MISSION_TABLE"], bootstrap.now)


# ── What the API functions do ───────────────────────────────────────────────────


@cache
def create_mission() -> CreateMission:
    from jobs.missions.create_mission import CreateMission

    return CreateMission(
        repository=bootstrap.repository(),
        registry=fleet_registry(),
        fleet=fleet(),
        clock=bootstrap.now,
        retention=_millis(os.environ["RETENTION_HOURS"]) * 3600,
        device_wait=_millis(os.environ["DEVICE_WAIT_SECONDS"]),
    )


@cache
def amend_job() -> AmendJob:
    from jobs.missions.amend_mission import AmendJob

    return AmendJob(repository=bootstrap.repository(), clock=bootstrap.now)


@cache
def cancel_mission() -> CancelMission:
    from jobs.missions.cancel_mission import CancelMission

    return CancelMission(repository=bootstrap.repository(), clock=bootstrap.now)


@cache
def delete_job() -> DeleteJob:
    from jobs.missions.delete_mission import DeleteJob

    return DeleteJob(repository=bootstrap.repository(), clock=bootstrap.now)


def addresses(request: Request) -> Addresses:
    """Return where clients reach us: what the deployer said, or else where this one did."""
    from jobs.missions.api.responses import Addresses

    return Addresses(
        api=os.environ["PUBLIC_URL"] or request.base_url, websocket=os.environ["WEBSOCKET_URL"]
    )


# ── Flight ──────────────────────────────────────────────────────────────────────


@cache
def follow_mission() -> FollowMission:
    from jobs.missions.follow_mission import FollowMission

    return FollowMission(timers=mission_timers(), queue=mission_queue(), watchers=watchers())


@cache
def run_mission() -> RunMission:
    from jobs.missions.run_mission import RunMission

    return RunMission(repository=bootstrap.repository(), clock=bootstrap.now, assign=_assign())


@cache
def settle_mission() -> SettleMission:
    from jobs.missions.settle_mission import SettleMission

    return SettleMission(
        registry=fleet_registry(), fleet=fleet(), orders=orders(), assign=_assign()
    )


@cache
def watch_mission() -> WatchMission:
    from jobs.missions.watch_mission import WatchMission

    return WatchMission(
        repository=bootstrap.repository(),
        queue=mission_queue(),
        fleet=fleet(),
        orders=orders(),
        assign=_assign(),
        take_report=take_report(),
        clock=bootstrap.now,
    )


@cache
def take_report() -> TakeReport:
    from jobs.missions.take_report import TakeReport

    return TakeReport(
        repository=bootstrap.repository(),
        registry=fleet_registry(),
        fleet=fleet(),
        orders=orders(),
        queue=mission_queue(),
        clock=bootstrap.now,
        longest=_millis(os.environ["MAX_FLIGHT_SECONDS"]),
    )


@cache
def check_device() -> CheckDevice:
    from jobs.missions.check_device import CheckDevice

    return CheckDevice(repository=bootstrap.repository(), fleet=fleet(), take_report=take_report())


@cache
def take_reading() -> TakeReading:
    from jobs.missions.take_reading import TakeReading

    return TakeReading(
        repository=bootstrap.repository(),
        registry=fleet_registry(),
        fleet=fleet(),
        waiting=_waiting(),
        queue=mission_queue(),
        take_report=take_report(),
        watchers=watchers(),
        clock=bootstrap.now,
        silence=_millis(os.environ["DEVICE_SILENCE_SECONDS"]),
    )


@cache
def _assign() -> AssignMissions:
    from jobs.missions.assign_missions import AssignMissions

    return AssignMissions(
        repository=bootstrap.repository(),
        queue=_waiting(),
        registry=fleet_registry(),
        fleet=fleet(),
        orders=orders(),
        clock=bootstrap.now,
        silence=_millis(os.environ["DEVICE_SILENCE_SECONDS"]),
        longest=_millis(os.environ["MAX_FLIGHT_SECONDS"]),
    )


# ── What it stands on ───────────────────────────────────────────────────────────


@cache
def fleet_registry() -> DynamoFleetRegistry:
    from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry

    return DynamoFleetRegistry(bootstrap.dynamodb(), os.environ["REGISTRY_TABLE"], bootstrap.now)


@cache
def fleet() -> DynamoFleet:
    from jobs.missions.adapters.fleet import DynamoFleet

    return DynamoFleet(bootstrap.dynamodb(), os.environ["MISSION_TABLE"], bootstrap.now)


@cache
def orders() -> IotOrders:
    from jobs.missions.adapters.iot_jobs import IotOrders

    return IotOrders(bootstrap.client("iot"), os.environ["THINGS_ARN"])


@cache
def mission_queue() -> SqsMissionQueue:
    from jobs.kit.aws.sqs import SqsMissionQueue

    return SqsMissionQueue(bootstrap.sqs(), os.environ["MISSION_QUEUE_URL"])


@cache
def mission_timers() -> StepFunctionsMissionTimers:
    from jobs.kit.aws.stepfunctions import StepFunctionsMissionTimers

    return StepFunctionsMissionTimers(
        bootstrap.client("stepfunctions"), mission_arn=os.environ["MISSION_ARN"]
    )


@cache
def watchers() -> Watchers:
    from jobs.tracking import wiring as watch_bootstrap

    return watch_bootstrap.tell_watchers()


@cache
def _waiting() -> DynamoWaitingMissions:
    from jobs.missions.adapters.storage import DynamoWaitingMissions

    return DynamoWaitingMissions(bootstrap.dynamodb(), os.environ["JOB_TABLE"])


def _millis(seconds: str) -> Millis:
    return int(seconds) * 1000
