"""What missions need from the outside world beside `jobs.core.ports`.

Every method may raise `UnavailableError`.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from jobs.core.job import Job, JobRef
from jobs.kit.clock import Millis
from jobs.missions.device import Device, DeviceGroup, DeviceState, Plan, Reading
from jobs.missions.mission import Order, WaitingMission
from jobs.missions.partner import AccessToken, Client


class FleetRegistry(Protocol):
    """Who has which devices. What is found may be a minute old."""

    def groups(self, tenant: str) -> Sequence[DeviceGroup]:
        """Return the organisation's groups with their devices, each in order of id."""

    def group(self, tenant: str, group_id: str) -> DeviceGroup:
        """Return one with its devices, or raise `DeviceGroupNotFoundError`."""

    def device(self, device_id: str) -> Device | None:
        """Return a device of whichever organisation."""

    def plan(self, tenant: str, plan_id: str) -> Plan:
        """Return a registered mission, or raise `PlanNotFoundError`."""


class Fleet(Protocol):
    """What each device is doing now, and who has it."""

    def states(self, device_ids: Sequence[str]) -> Mapping[str, DeviceState]:
        """Return the state of each, consistently read."""

    def lease(self, device_id: str, ref: JobRef, *, until: Millis) -> int | None:
        """Take a device for a mission; return the lease's fence, or None if somebody has it."""

    def release(self, device_id: str, *, fence: int) -> None:
        """End the lease of this fence; without effect if it is another's by now."""

    def store_reading(
        self, reading: Reading, *, hold: Millis
    ) -> tuple[DeviceState, DeviceState] | None:
        """Store a reading, newer than all before, and return the states before and after.

        Prolongs the lease by `hold` if the reading is of the lease's own mission.
        Returns None for a reading that came late.
        """

    def mark_disconnected(self, device_id: str) -> None:
        """Note that the connection to a device broke; its next reading ends that."""


class OrderState(StrEnum):
    """How far a device is with an order, as AWS IoT Jobs spells it."""

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    TIMED_OUT = "TIMED_OUT"
    REMOVED = "REMOVED"
    CANCELED = "CANCELED"


class Orders(Protocol):
    """The way to the devices."""

    def send(self, order_id: str, device_id: str, document: Mapping[str, Any]) -> None:
        """Give a device its order; harmless when repeated."""

    def state(self, order_id: str, device_id: str) -> tuple[OrderState, str | None] | None:
        """Return how the order stands, and the device's reason; None if there is none such."""

    def withdraw(self, order_id: str, device_id: str) -> bool:
        """Take back an order that the device has not accepted; return whether it had not."""

    def recall(self, order_id: str, device_id: str) -> None:
        """Take back an order whatever the device is doing; without effect on an ended one."""


class WaitingMissions(Protocol):
    def list_waiting(self, tenant: str, group_id: str, *, limit: int) -> Sequence[WaitingMission]:
        """Return those that wait for a device of the group: highest priority first, then oldest.

        What has just changed may be missing still.
        """


class MissionQueue(Protocol):
    """Both are done at least once."""

    def send(self, ref: JobRef) -> None:
        """Have a mission brought on its way, as far as it goes now."""

    def settle(self, ref: JobRef, order: Order) -> None:
        """Have the device of a mission that is over freed for the next one."""


class MissionTimers(Protocol):
    def fly(self, ref: JobRef, *, due_at: Millis) -> None:
        """See to it that the mission is queued when it is due, and watched until its end."""


class WatcherNotifier(Protocol):
    """Whoever follows jobs and device groups, over WebSocket and MQTT."""

    def notify_change(self, job: Job) -> None:
        """Tell them how a mission stands; after its end, nobody follows it any more."""

    def notify_readings(self, states: Iterable[DeviceState]) -> None:
        """Tell them what devices have reported."""


class Partners(Protocol):
    def client(self, client_id: str) -> Client | None:
        """Return a partner's program. One that was removed may be found for another minute."""


class TokenIssuer(Protocol):
    """The identity provider."""

    def issue(self, client_id: str, client_secret: str) -> AccessToken:
        """Return a token with all scopes of the client's, or raise `InvalidClientError`."""
