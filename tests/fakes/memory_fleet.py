"""An in-memory fleet; tests/adapters checks its contract."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from jobs.core.job import JobRef
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError
from jobs.missions.device import ONLINE_TIMEOUT_MS, DeviceState, Lease, Reading, TrackPoint
from jobs.missions.mission import parse_job_id
from jobs.missions.ports import OrderState

_MAX_DOCUMENT_LENGTH: Final = 32_768


class InMemoryFleet:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[str, DeviceState] = {}
        self._fences: dict[str, int] = {}

    def states(self, device_ids: Sequence[str]) -> Mapping[str, DeviceState]:
        return {each: self._state(each) for each in device_ids}

    def lease(self, device_id: str, ref: JobRef, *, until: Millis) -> int | None:
        state = self._state(device_id)
        if state.is_leased(self._clock()):
            return None
        fence = self._fences[device_id] = self._fences.get(device_id, 0) + 1
        self._states[device_id] = replace(state, lease=Lease(job=ref, fence=fence, until=until))
        return fence

    def release(self, device_id: str, *, fence: int) -> None:
        if self._fences.get(device_id) == fence:
            self._states[device_id] = replace(self._state(device_id), lease=None)

    def store_reading(
        self, reading: Reading, *, hold: Millis
    ) -> tuple[DeviceState, DeviceState] | None:
        now, before = self._clock(), self._state(reading.device)
        if before.reading is not None:
            silent = before.seen_at <= now - ONLINE_TIMEOUT_MS
            if before.reading.sequence == reading.sequence:
                return None
            if before.reading.sequence > reading.sequence and not silent:
                return None
        lease = before.lease
        if lease and reading.order and lease.job.id == parse_job_id(reading.order):
            lease = replace(lease, until=now + hold)
        after = replace(before, seen_at=now, reading=reading, lease=lease)
        self._states[reading.device] = after
        return before, after

    def mark_disconnected(self, device_id: str) -> None:
        state = self._state(device_id)
        if state.reading:
            gone = replace(state.reading, online=False)
            self._states[device_id] = replace(state, reading=gone)

    def _state(self, device_id: str) -> DeviceState:
        return self._states.get(device_id, DeviceState(device=device_id))


class InMemoryTracks:
    """`kept` has each point and how long it is kept."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, Millis], tuple[TrackPoint, Millis]] = {}

    def add(self, point: TrackPoint, *, until: Millis) -> None:
        self.kept[point.job, point.at] = point, until

    def of(self, job_id: str, *, limit: int) -> Sequence[TrackPoint]:
        return [self.kept[key][0] for key in sorted(self.kept) if key[0] == job_id][:limit]


class InMemoryOrders:
    """The broker. `documents` has the sent orders; `answer` plays a device.

    With `delays`, devices get their orders only with `deliver`.
    """

    def __init__(self) -> None:
        self.delays = False
        self.delayed: list[tuple[str, str]] = []
        self.documents: dict[str, Mapping[str, Any]] = {}
        self._stands: dict[tuple[str, str], tuple[OrderState, str | None]] = {}

    def send(self, order_id: str, device_id: str, document: Mapping[str, Any]) -> None:
        if len(json.dumps(document, separators=(",", ":"))) > _MAX_DOCUMENT_LENGTH:
            raise RefusedError("AWS refused the request: InvalidRequestException")
        if order_id in self.documents:
            return
        self.documents[order_id] = document
        if self.delays:
            self.delayed.append((order_id, device_id))
        else:
            self._stands[order_id, device_id] = (OrderState.QUEUED, None)

    def state(self, order_id: str, device_id: str) -> tuple[OrderState, str | None] | None:
        return self._stands.get((order_id, device_id))

    def withdraw(self, order_id: str, device_id: str) -> bool:
        found = self._stands.get((order_id, device_id))
        if found is None:
            return True
        if found[0] is OrderState.QUEUED:
            self._stands[order_id, device_id] = (OrderState.CANCELED, None)
            return True
        return False

    def recall(self, order_id: str) -> None:
        self.delayed = [each for each in self.delayed if each[0] != order_id]
        for key, (state, _) in self._stands.items():
            if key[0] == order_id and state in {OrderState.QUEUED, OrderState.IN_PROGRESS}:
                self._stands[key] = (OrderState.CANCELED, None)

    def deliver(self) -> None:
        """Give the devices the delayed orders."""
        for key in self.delayed:
            self._stands[key] = (OrderState.QUEUED, None)
        self.delayed = []

    def of(self, device_id: str, *states: OrderState) -> list[str]:
        """Return a device's orders in these states, oldest first."""
        return [
            order
            for (order, device), (state, _) in self._stands.items()
            if device == device_id and state in states
        ]

    def answer(
        self, order_id: str, device_id: str, state: OrderState, reason: str | None = None
    ) -> None:
        self._stands[order_id, device_id] = (state, reason)
