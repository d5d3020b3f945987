"""Devices in memory. Held to the real adapter's contract by tests/adapters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jobs.domain.device import DeviceState, Lease, Reading
from jobs.domain.job import JobRef, Millis
from jobs.domain.mission import job_id_in
from jobs.ports import Clock


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

    def report(self, reading: Reading, *, hold: Millis) -> tuple[DeviceState, DeviceState] | None:
        now, before = self._clock(), self._state(reading.device)
        if before.reading is not None and before.reading.sequence >= reading.sequence:
            return None
        lease = before.lease
        if lease and reading.order and lease.job.id == job_id_in(reading.order):
            lease = replace(lease, until=now + hold)
        after = replace(before, seen_at=now, reading=reading, lease=lease)
        self._states[reading.device] = after
        return before, after

    def lost(self, device_id: str) -> None:
        state = self._state(device_id)
        if state.reading:
            gone = replace(state.reading, online=False)
            self._states[device_id] = replace(state, reading=gone)

    def _state(self, device_id: str) -> DeviceState:
        return self._states.get(device_id, DeviceState(device=device_id))
