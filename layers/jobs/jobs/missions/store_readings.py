"""Store the readings of devices: all that keeps a device online.

All tenants share the workers that do this, so a reading costs one write, whatever its tenant has:
missions, shares, watchers. `follow_reading` does everything else, from a queue that is fair to
tenants.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from jobs.core.ids import is_uuid
from jobs.kit.clock import Clock, Millis
from jobs.missions.device import DeviceState, Disconnection, Reading, StoredReading
from jobs.missions.keep_track import pick_point
from jobs.missions.mission import parse_job_id
from jobs.missions.ports import Fleet, FleetRegistry, ReadingQueue
from jobs.missions.reading_rates import ReadingRates

_MAX_THREADS: Final = 10

type Report = Reading | Disconnection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReadings:
    """`silence_timeout` is the longest time between two readings of a device in flight."""

    registry: FleetRegistry
    fleet: Fleet
    rates: ReadingRates
    queue: ReadingQueue
    clock: Clock
    silence_timeout: Millis

    def __call__(self, reports: Mapping[str, Report]) -> Mapping[str, BaseException]:
        """Return the failures by the keys of `reports`, whose order is that of arrival.

        Ignores unknown devices, devices that report too often, and readings older than the stored
        one. Raises `UnavailableError` if the stored readings cannot be queued.
        """
        kept = {key: each for key, each in reports.items() if self.rates.take(each.device)}
        newest = _pick_newest(kept)
        with ThreadPoolExecutor(_MAX_THREADS) as pool:  # one slow write delays no other device
            running = {key: pool.submit(self._store, each) for key, each in newest.items()}
        errors = {key: each.exception() for key, each in running.items()}
        failures = {key: error for key, error in errors.items() if error is not None}
        results = [each.result() for key, each in running.items() if key not in failures]
        self.queue.send([each for each in results if each is not None])
        return failures

    def _store(self, report: Report) -> StoredReading | None:
        if isinstance(report, Disconnection):
            self.fleet.mark_disconnected(report.device)
            return None
        device = self.registry.device(report.device)
        if device is None:
            return None
        states = self.fleet.store_reading(report, hold=self.silence_timeout)
        if states is None:
            return None
        before, after = states
        now = self.clock()
        return StoredReading(
            device=device.id,
            tenant=device.tenant,
            orders=_changed_orders(before, report),
            # and online ever since
            was_free=before.is_free(before.seen_at) and before.is_free(now),
            point=pick_point(before, after),
        )


def _pick_newest(reports: Mapping[str, Report]) -> Mapping[str, Report]:
    """Return one report for each device: the newest reading, or the end of its connection."""
    newest: dict[str, tuple[str, Report]] = {}
    for key, report in reports.items():
        match newest.get(report.device), report:
            case (_, Reading() as earlier), Reading() if earlier.sequence > report.sequence:
                continue
        newest[report.device] = key, report
    return dict(newest.values())


def _changed_orders(before: DeviceState, reading: Reading) -> tuple[str, ...]:
    """Return the orders that the device has started or finished since its last reading."""
    last = before.reading.order if before.reading else None
    changed = {order for order in {last} ^ {reading.order} if order}
    return tuple(sorted(order for order in changed if is_uuid(parse_job_id(order))))
