"""Composes missions; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.core.wiring import CoreWiring

if TYPE_CHECKING:
    from jobs.core.kind import Storage
    from jobs.kit.clock import Millis
    from jobs.kit.http import Request
    from jobs.missions.adapters.cognito import CognitoTokens
    from jobs.missions.adapters.fleet import DynamoFleet
    from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
    from jobs.missions.adapters.iot_jobs import IotOrders
    from jobs.missions.adapters.partners import DynamoPartners
    from jobs.missions.adapters.queue import SqsMissionQueue
    from jobs.missions.adapters.readings import SqsReadingQueue
    from jobs.missions.adapters.storage import DynamoWaitingMissions
    from jobs.missions.adapters.timers import SqsMissionChecks, StepFunctionsMissionTimers
    from jobs.missions.adapters.tracks import DynamoTracks
    from jobs.missions.api.addresses import Addresses
    from jobs.missions.apply_report import ApplyReport
    from jobs.missions.assign_missions import AssignMissions
    from jobs.missions.cancel_mission import CancelMission
    from jobs.missions.check_device import CheckDevice
    from jobs.missions.create_mission import CreateMission
    from jobs.missions.delete_mission import DeleteMission
    from jobs.missions.follow_mission import FollowMission
    from jobs.missions.follow_reading import FollowReading
    from jobs.missions.issue_token import IssueToken
    from jobs.missions.keep_track import KeepTrack
    from jobs.missions.run_mission import RunMission
    from jobs.missions.settle_mission import SettleMission
    from jobs.missions.store_readings import StoreReadings
    from jobs.missions.update_mission import UpdateMission
    from jobs.missions.watch_mission import WatchMission


class MissionsWiring:
    def __init__(self, core: CoreWiring) -> None:
        self.core = core

    # ── Access tokens ──────────────────────────────────────────────────────────────────

    @cached_property
    def issue_token(self) -> IssueToken:
        from jobs.missions.issue_token import IssueToken

        return IssueToken(partners=self.partners, issuer=self.token_issuer)

    @cached_property
    def token_issuer(self) -> CognitoTokens:
        from jobs.missions.adapters.cognito import CognitoTokens

        return CognitoTokens(os.environ["TOKEN_URL"])

    @property
    def silence_timeout(self) -> Millis:
        """The longest time between two readings of a device in flight."""
        return _millis(os.environ["DEVICE_SILENCE_SECONDS"])

    # ── Use cases of the API ────────────────────────────────────────────────────────────

    @cached_property
    def create_mission(self) -> CreateMission:
        from jobs.missions.create_mission import CreateMission

        return CreateMission(
            repository=self.core.jobs,
            registry=self.fleet_registry,
            fleet=self.fleet,
            clock=self.core.clock,
            retention=self.core.retention,
            shards=self.core.shards,
            device_wait=_millis(os.environ["DEVICE_WAIT_SECONDS"]),
            stack=os.environ["STACK_NAME"],
        )

    @cached_property
    def update_mission(self) -> UpdateMission:
        from jobs.missions.update_mission import UpdateMission

        return UpdateMission(repository=self.core.jobs, clock=self.core.clock)

    @cached_property
    def cancel_mission(self) -> CancelMission:
        from jobs.missions.cancel_mission import CancelMission

        return CancelMission(repository=self.core.jobs, clock=self.core.clock)

    @cached_property
    def delete_mission(self) -> DeleteMission:
        from jobs.missions.delete_mission import DeleteMission

        return DeleteMission(repository=self.core.jobs, clock=self.core.clock)

    def addresses(self, request: Request) -> Addresses:
        """Return the public base URLs: configured ones, else those of the request."""
        from jobs.missions.api.addresses import Addresses

        return Addresses(
            api=os.environ["PUBLIC_URL"] or request.base_url, websocket=os.environ["WEBSOCKET_URL"]
        )

    # ── Flight ──────────────────────────────────────────────────────────────────────

    @cached_property
    def follow_mission(self) -> FollowMission:
        from jobs.missions.follow_mission import FollowMission

        return FollowMission(timers=self.mission_timers, queue=self.mission_queue)

    @cached_property
    def run_mission(self) -> RunMission:
        from jobs.missions.run_mission import RunMission

        return RunMission(repository=self.core.jobs, clock=self.core.clock, assign=self._assign)

    @cached_property
    def settle_mission(self) -> SettleMission:
        from jobs.missions.settle_mission import SettleMission

        return SettleMission(
            registry=self.fleet_registry, fleet=self.fleet, orders=self.orders, assign=self._assign
        )

    @cached_property
    def watch_mission(self) -> WatchMission:
        from jobs.missions.watch_mission import WatchMission

        return WatchMission(
            repository=self.core.jobs,
            queue=self.mission_queue,
            fleet=self.fleet,
            orders=self.orders,
            assign=self._assign,
            apply_report=self.apply_report,
            clock=self.core.clock,
        )

    @cached_property
    def apply_report(self) -> ApplyReport:
        from jobs.missions.apply_report import ApplyReport

        return ApplyReport(
            repository=self.core.jobs,
            registry=self.fleet_registry,
            fleet=self.fleet,
            orders=self.orders,
            queue=self.mission_queue,
            clock=self.core.clock,
            max_flight=_millis(os.environ["MAX_FLIGHT_SECONDS"]),
        )

    @cached_property
    def store_readings(self) -> StoreReadings:
        from jobs.missions.reading_rates import ReadingRates
        from jobs.missions.store_readings import StoreReadings

        return StoreReadings(
            registry=self.fleet_registry,
            fleet=self.fleet,
            rates=ReadingRates(self.core.clock),
            queue=self.reading_queue,
            clock=self.core.clock,
            silence_timeout=self.silence_timeout,
        )

    @cached_property
    def follow_reading(self) -> FollowReading:
        from jobs.missions.follow_reading import FollowReading

        return FollowReading(
            repository=self.core.jobs,
            registry=self.fleet_registry,
            fleet=self.fleet,
            waiting=self.waiting,
            queue=self.mission_queue,
            apply_report=self.apply_report,
            clock=self.core.clock,
        )

    @cached_property
    def keep_track(self) -> KeepTrack:
        from jobs.missions.keep_track import KeepTrack

        return KeepTrack(
            tracks=self.tracks,
            retention=self.core.retention,
            max_flight=_millis(os.environ["MAX_FLIGHT_SECONDS"]),
        )

    @cached_property
    def check_device(self) -> CheckDevice:
        from jobs.missions.check_device import CheckDevice

        return CheckDevice(
            repository=self.core.jobs, fleet=self.fleet, apply_report=self.apply_report
        )

    @cached_property
    def _assign(self) -> AssignMissions:
        from jobs.missions.assign_missions import AssignMissions

        return AssignMissions(
            repository=self.core.jobs,
            queue=self.waiting,
            registry=self.fleet_registry,
            fleet=self.fleet,
            orders=self.orders,
            clock=self.core.clock,
            silence_timeout=self.silence_timeout,
            max_flight=_millis(os.environ["MAX_FLIGHT_SECONDS"]),
        )

    # ── Adapters ───────────────────────────────────────────────────────────────────────

    @cached_property
    def partners(self) -> DynamoPartners:
        from jobs.missions.adapters.partners import DynamoPartners

        return DynamoPartners(self.core.aws.dynamodb, os.environ["REGISTRY_TABLE"], self.core.clock)

    @cached_property
    def fleet_registry(self) -> DynamoFleetRegistry:
        from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry

        return DynamoFleetRegistry(
            self.core.aws.dynamodb, os.environ["REGISTRY_TABLE"], self.core.clock
        )

    @cached_property
    def fleet(self) -> DynamoFleet:
        from jobs.missions.adapters.fleet import DynamoFleet

        return DynamoFleet(self.core.aws.dynamodb, os.environ["MISSION_TABLE"], self.core.clock)

    @cached_property
    def tracks(self) -> DynamoTracks:
        from jobs.missions.adapters.tracks import DynamoTracks

        return DynamoTracks(self.core.aws.dynamodb, os.environ["MISSION_TABLE"])

    @cached_property
    def orders(self) -> IotOrders:
        from jobs.missions.adapters.iot_jobs import IotOrders

        return IotOrders(self.core.aws.iot, os.environ["THINGS_ARN"])

    @cached_property
    def mission_queue(self) -> SqsMissionQueue:
        from jobs.missions.adapters.queue import SqsMissionQueue

        return SqsMissionQueue(self.core.aws.sqs, os.environ["MISSION_QUEUE_URL"])

    @cached_property
    def reading_queue(self) -> SqsReadingQueue:
        from jobs.missions.adapters.readings import SqsReadingQueue

        return SqsReadingQueue(self.core.aws.sqs, os.environ["UPDATE_QUEUE_URL"])

    @cached_property
    def mission_timers(self) -> StepFunctionsMissionTimers:
        from jobs.missions.adapters.timers import StepFunctionsMissionTimers

        return StepFunctionsMissionTimers(
            self.core.aws.step_functions, mission_arn=os.environ["MISSION_ARN"]
        )

    @cached_property
    def mission_checks(self) -> SqsMissionChecks:
        from jobs.missions.adapters.timers import SqsMissionChecks

        return SqsMissionChecks(
            self.core.aws.sqs, os.environ["MISSION_CHECK_QUEUE_URL"], self.core.clock
        )

    def claim_group(self, group: str) -> None:
        """Claim a device group for this stack. Raises `GroupTakenError`."""
        from jobs.missions.adapters.group_claims import claim_groups

        claim_groups(self.core.aws.iot, os.environ["STACK_NAME"], [group])

    @cached_property
    def waiting(self) -> DynamoWaitingMissions:
        from jobs.missions.adapters.storage import DynamoWaitingMissions

        return DynamoWaitingMissions(self.core.aws.dynamodb, os.environ["JOB_TABLE"])


def _millis(seconds: str) -> Millis:
    return int(seconds) * 1000


def _storage(kind: str) -> Storage:
    from jobs.missions.adapters.storage import MissionStorage

    return MissionStorage()


wiring = MissionsWiring(CoreWiring(_storage))
