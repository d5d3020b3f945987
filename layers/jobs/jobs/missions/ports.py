"""Ports of missions, besides `jobs.core.ports`.

Every method may raise `UnavailableError`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from jobs.core.job import JobRef
from jobs.kit.clock import Millis
from jobs.missions.device import (
    Device,
    DeviceGroup,
    DeviceState,
    Plan,
    PlanPage,
    Reading,
    StoredReading,
    TrackPoint,
)
from jobs.missions.mission import Order, WaitingMission
from jobs.missions.partner import AccessToken, AppClient, Client, Role


class FleetRegistry(Protocol):
    """Device groups, devices and plans by organisation. Results may be a minute old."""

    def groups(self, tenant: str) -> Sequence[DeviceGroup]:
        """Return the organisation's groups with their devices, each in order of id."""

    def group(self, tenant: str, group_id: str) -> DeviceGroup:
        """Return a group with its devices, or raise `DeviceGroupNotFoundError`."""

    def device(self, device_id: str) -> Device | None:
        """Return a device of any organisation."""

    def plan(self, tenant: str, plan_id: str) -> Plan:
        """Return a registered mission, or raise `PlanNotFoundError`."""

    def list_plans(self, tenant: str, *, limit: int, after: str | None = None) -> PlanPage:
        """Return a page of the organisation's registered missions, in order of id."""


class Fleet(Protocol):
    """The current state and lease of each device."""

    def states(self, device_ids: Sequence[str]) -> Mapping[str, DeviceState]:
        """Return the state of each device; the read is strongly consistent."""

    def lease(self, device_id: str, ref: JobRef, *, until: Millis) -> int | None:
        """Lease a device to a mission. Return the fence, or None if another mission has it."""

    def release(self, device_id: str, *, fence: int) -> None:
        """End the lease of this fence. Does nothing if the device has a newer lease."""

    def store_reading(
        self, reading: Reading, *, hold: Millis
    ) -> tuple[DeviceState, DeviceState] | None:
        """Store a reading and return the states before and after it.

        Renews the lease for `hold` if the reading is of the leased mission.
        Returns None, and stores nothing, if a newer reading is stored. After a silence of
        `ONLINE_TIMEOUT_MS`, every other reading counts as newer: the stored one may have come from
        a wrong clock.
        """

    def mark_disconnected(self, device_id: str) -> None:
        """Mark a device as offline until its next reading."""


class Tracks(Protocol):
    """Where the drones of missions were."""

    def add(self, point: TrackPoint, *, until: Millis) -> None:
        """Keep a point until about then. Idempotent."""

    def of(self, job_id: str, *, limit: int) -> Sequence[TrackPoint]:
        """Return the first points of a mission, oldest first. The read is eventually consistent."""


class OrderState(StrEnum):
    """The status of a job execution in AWS IoT Jobs."""

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    TIMED_OUT = "TIMED_OUT"
    REMOVED = "REMOVED"
    CANCELED = "CANCELED"


class Orders(Protocol):
    """Orders to devices."""

    def send(self, order_id: str, device_id: str, document: Mapping[str, Any]) -> None:
        """Send a device its order. Idempotent.

        Raises `RefusedError` for an order that no device can receive.
        """

    def state(self, order_id: str, device_id: str) -> tuple[OrderState, str | None] | None:
        """Return the state of the order and the device's reason; None if it does not exist."""

    def withdraw(self, order_id: str, device_id: str) -> bool:
        """Withdraw an order. Return False, and do nothing, if the device has accepted it."""

    def recall(self, order_id: str) -> None:
        """Withdraw an order, whether the device has accepted it or does not have it yet.

        Does nothing if it has ended or was never sent.
        """


class WaitingMissions(Protocol):
    def list_waiting(self, tenant: str, group_id: str, *, limit: int) -> Sequence[WaitingMission]:
        """Return the group's waiting missions: highest priority first, then oldest.

        The read is eventually consistent.
        """


class MissionQueue(Protocol):
    """Messages are delivered at least once."""

    def send(self, ref: JobRef) -> None:
        """Have `RunMission` advance a mission."""

    def settle(self, ref: JobRef, order: Order) -> None:
        """Have `SettleMission` release the device of an ended mission."""


class MissionTimers(Protocol):
    def fly(self, ref: JobRef, *, due_at: Millis, moves: int) -> None:
        """Start the timer that queues the mission when it is due and watches it to its end.

        Idempotent for the same `moves` (`jobs.missions.mission.Mission`).
        """


class ReadingQueue(Protocol):
    """Messages are delivered at least once, fairly between tenants."""

    def send(self, readings: Sequence[StoredReading]) -> None:
        """Have `FollowReading` follow up the readings, and notify watchers."""


class Partners(Protocol):
    def client(self, client_id: str) -> Client | None:
        """Return a valid client. A removed one may be returned for another minute."""


class AppClients(Protocol):
    """Clients at the identity provider."""

    def create(self, name: str, role: Role) -> AppClient:
        """Create a client with the scopes of the role and of all lower ones.

        Raises `TooManyPartnersError`.
        """

    def delete(self, client_id: str) -> None:
        """Idempotent."""


class TokenIssuer(Protocol):
    """The identity provider."""

    def issue(self, client_id: str, client_secret: str) -> AccessToken:
        """Return a token with all scopes of the client, or raise `InvalidClientError`."""
