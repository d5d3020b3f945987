"""The logic of a dock with its drone: orders in, telemetry and reports out. No socket, no clock.

Times are seconds since 1970. The owner of the connection calls the dock, and stays disconnected
while `away` returns true.
"""

from dataclasses import dataclass
from random import Random

from pydantic import ValidationError

from local.devices import iot_jobs
from local.devices.flight import Pose
from local.devices.geometry import Point
from local.devices.iot_jobs import Execution, Jobs, Publish
from local.devices.order import Order, Simulate
from local.devices.task import Task
from local.devices.telemetry import format_timestamp, to_telemetry
from local.devices.weather import Weather

BUSY_INTERVAL_S, IDLE_INTERVAL_S = 1.0, 5.0  # between telemetry messages
FULL_BATTERY = 100.0
CHARGE_RATE = FULL_BATTERY / (30 * 60)  # % of the battery per second in the dock
DEFAULT_SIMULATION = Simulate()
INVALID_ORDER = "The order is invalid"


@dataclass(frozen=True)
class Settings:
    """`simulate` is the default for orders; `away` is the duration of a lost link in seconds."""

    stack: str
    device_id: str
    home: Point
    simulate: Simulate = DEFAULT_SIMULATION
    away: float = 20.0
    seed: int = 0

    @property
    def thing(self) -> str:
        return f"{self.stack}_{self.device_id}"

    @property
    def telemetry(self) -> str:
        """The topic of the device's telemetry."""
        return f"{self.stack}/devices/{self.thing}/telemetry"


class Dock:
    def __init__(self, settings: Settings, publish: Publish, now: float) -> None:
        random = Random(f"{settings.seed} {settings.device_id}")  # noqa: S311 - no secret
        self.id, self._settings, self._publish = settings.device_id, settings, publish
        self.jobs, self.thing, self.telemetry = (
            Jobs(settings.thing, publish),
            settings.thing,
            settings.telemetry,
        )
        self._weather = Weather(random)
        self._battery, self._charged_at = random.uniform(85, FULL_BATTERY), now
        self._sequence, self._due = int(now * 1000), now
        self._task: Task | None = None
        self._starting = False
        self._away_until = 0.0
        self._delayed = set[str]()  # orders that have taken the dock offline once

    def away(self, now: float) -> bool:
        return now < self._away_until

    def connected(self, now: float) -> None:
        self._due, self._starting = now, False
        if self._task and self._task.verdict and not self._task.settled:
            self._report(self._task)
        self.jobs.ask_for_next()

    def received(self, topic: str, payload: bytes, now: float) -> None:
        task = self._task
        match self.jobs.read(topic, payload):
            case iot_jobs.Next(execution) if task:
                current = execution and execution.job_id == task.execution.job_id
                if task.undecided and not current:
                    self._withdraw(task, now)
            case iot_jobs.Next(Execution() as execution) if not self._starting:
                self._decide_start(execution, now)
            case iot_jobs.Started(execution):
                self._starting = False
                if execution and not task:
                    self._begin(execution, now)
            case iot_jobs.NotStarted():
                self._starting = False
            case iot_jobs.Updated(job_id) if task and job_id == task.execution.job_id:
                task.settled = True
            case iot_jobs.Refused(job_id) if task and job_id == task.execution.job_id:
                task.settled = True

    def tick(self, now: float) -> None:
        """Advance the simulation; call it about every 0.1 s."""
        if self._task:
            self._advance(self._task, now)
        else:
            self._battery = min(
                FULL_BATTERY, self._battery + CHARGE_RATE * (now - self._charged_at)
            )
        self._charged_at = now
        if now >= self._due and not self.away(now):
            self._publish_telemetry(now)
            self._due = max(now, self._due + (BUSY_INTERVAL_S if self._task else IDLE_INTERVAL_S))

    # ── Orders ───────────────────────────────────────────────────────────────
    def _decide_start(self, execution: Execution, now: float) -> None:
        """Decide on a queued order, or on one in progress of which this dock has no memory."""
        order = self._order(execution)
        if execution.status == "IN_PROGRESS":
            self._refuse(execution, "FAILED", "The flight was interrupted; outcome unknown")
        elif order is None:
            self._refuse(execution, "REJECTED", INVALID_ORDER)
        elif reason := order.reason_against(self._settings.home):
            self._refuse(execution, "REJECTED", reason)
        elif order.simulate.outcome == "reject":
            self._refuse(execution, "REJECTED", "The order simulates a rejection")
        elif order.simulate.outcome == "offline" and order.order_id not in self._delayed:
            self._delayed.add(order.order_id)
            self._leave(now)
        else:
            self._starting = True
            self.jobs.start_next()

    def _refuse(self, execution: Execution, verdict: iot_jobs.Verdict, reason: str) -> None:
        self._log(f"{execution.job_id} {verdict}: {reason}")
        self.jobs.end(execution, verdict, reason)

    def _begin(self, execution: Execution, now: float) -> None:
        order = self._order(execution)
        if order is None:  # another order than the one that was considered
            self._refuse(execution, "FAILED", INVALID_ORDER)
            return
        self._task = Task.begin(order, execution, self._settings.home, self._battery, now)
        self._due = now
        self._log(f"{execution.job_id} accepted: {order.action}")

    def _order(self, execution: Execution) -> Order | None:
        try:
            order = Order.model_validate(execution.document)
        except ValidationError:
            return None
        overrides = order.simulate.model_dump(exclude_unset=True)
        simulate = self._settings.simulate.model_copy(update=overrides)
        return order.model_copy(update={"simulate": simulate})

    def _withdraw(self, task: Task, now: float) -> None:
        self._log(f"{task.execution.job_id} withdrawn")
        task.settled = True
        task.turn_back(now)

    # ── Flight ───────────────────────────────────────────────────────────────
    def _advance(self, task: Task, now: float) -> None:
        if task.undecided and task.half_way(now) and task.pose(now).airborne:
            match task.order.simulate.outcome:
                case "fail":
                    self._decide(task, "FAILED", "A motor overheated")
                    task.turn_back(now)
                case "lose-link":
                    self._leave(now)
                    self._dock(task, now)
        if task.over(now):
            if task.undecided:
                self._decide(task, "SUCCEEDED")
            elif task.settled:
                self._dock(task, now)
                self.jobs.ask_for_next()

    def _decide(self, task: Task, verdict: iot_jobs.Verdict, reason: str | None = None) -> None:
        task.verdict, task.reason = verdict, reason
        self._log(f"{task.execution.job_id} {verdict}{f': {reason}' if reason else ''}")
        self._report(task)

    def _report(self, task: Task) -> None:
        if task.verdict:
            self.jobs.end(task.execution, task.verdict, task.reason)

    def _dock(self, task: Task, now: float) -> None:
        self._battery, self._task, self._due = task.charge(now), None, now
        self._log(f"docked, battery at {self._battery:.0f} %")

    def _leave(self, now: float) -> None:
        self._away_until = now + self._settings.away
        self._log(f"goes offline for {self._settings.away:.0f} s")

    # ── Telemetry ────────────────────────────────────────────────────────────
    def _publish_telemetry(self, now: float) -> None:
        task = self._task
        idle = Pose(
            "DOCKED",
            "CLOSED" if self._battery == FULL_BATTERY else "CHARGING",
            self._settings.home,
            0.0,
        )
        self._sequence += 1
        message = {
            "deviceId": self.id,
            "sequence": self._sequence,
            "timestamp": format_timestamp(now),
            "online": True,
            "orderId": task.execution.job_id if task else None,
            "battery": round(task.charge(now) if task else self._battery),
            "weather": self._weather.at(now),
            **to_telemetry(task.pose(now) if task else idle),
        }
        self._publish(self.telemetry, message)

    def _log(self, text: str) -> None:
        print(f"{self.id}: {text}", flush=True)
