"""What a dock and its drone do: orders in, telemetry and reports out. No socket, no clock.

Times are seconds since 1970. Whoever owns the connection calls in, and keeps off the line while
`away` says so.
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
from local.devices.telemetry import seen, timestamp
from local.devices.weather import Weather

BUSY_S, IDLE_S = 1.0, 5.0  # between two readings
FULL = 100.0
CHARGE = FULL / (30 * 60)  # % of the battery for a second in the dock


AS_REAL = Simulate()


@dataclass(frozen=True)
class Settings:
    """`simulate` goes for orders that do not say; `away` is how many seconds a lost link is."""

    device_id: str
    home: Point
    simulate: Simulate = AS_REAL
    away: float = 20.0
    seed: int = 0


class Dock:
    def __init__(self, settings: Settings, publish: Publish, now: float) -> None:
        random = Random(f"{settings.seed} {settings.device_id}")  # noqa: S311 - no secret
        self.id, self._settings, self._publish = settings.device_id, settings, publish
        self.jobs, self.telemetry = Jobs(self.id, publish), f"devices/{self.id}/telemetry"
        self._weather = Weather(random)
        self._battery, self._charged_at = random.uniform(85, FULL), now
        self._sequence, self._due = int(now * 1000), now
        self._task: Task | None = None
        self._starting = False
        self._away_until = 0.0
        self._excused = set[str]()

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
                self._consider(execution, now)
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
        """Often enough for whoever watches: a tenth of a second is."""
        if self._task:
            self._go_on(self._task, now)
        else:
            self._battery = min(FULL, self._battery + CHARGE * (now - self._charged_at))
        self._charged_at = now
        if now >= self._due and not self.away(now):
            self._say_how_it_is(now)
            self._due = max(now, self._due + (BUSY_S if self._task else IDLE_S))

    # ── Orders ───────────────────────────────────────────────────────────────
    def _consider(self, execution: Execution, now: float) -> None:
        """An order that waits; or one that was begun, and of which this dock knows nothing."""
        order = self._order(execution)
        if execution.status == "IN_PROGRESS":
            self._refuse(execution, "FAILED", "The flight was interrupted; outcome unknown")
        elif order is None:
            self._refuse(execution, "REJECTED", "The order makes no sense")
        elif order.simulate.outcome == "reject":
            self._refuse(execution, "REJECTED", "Told to reject it")
        elif order.simulate.outcome == "offline" and order.order_id not in self._excused:
            self._excused.add(order.order_id)
            self._leave(now)
        else:
            self._starting = True
            self.jobs.start_next()

    def _refuse(self, execution: Execution, verdict: iot_jobs.Verdict, reason: str) -> None:
        self._log(f"{execution.job_id} {verdict}: {reason}")
        self.jobs.end(execution, verdict, reason)

    def _begin(self, execution: Execution, now: float) -> None:
        order = self._order(execution)
        if order is None:  # the one that was considered has gone meanwhile
            self._refuse(execution, "FAILED", "The order makes no sense")
            return
        self._task = Task.begin(order, execution, self._settings.home, self._battery, now)
        self._due = now
        self._log(f"{execution.job_id} accepted: {order.action}")

    def _order(self, execution: Execution) -> Order | None:
        try:
            order = Order.model_validate(execution.document)
        except ValidationError:
            return None
        said = order.simulate.model_dump(exclude_unset=True)
        simulate = self._settings.simulate.model_copy(update=said)
        return order.model_copy(update={"simulate": simulate})

    def _withdraw(self, task: Task, now: float) -> None:
        self._log(f"{task.execution.job_id} withdrawn")
        task.settled = True
        task.turn_back(now)

    # ── Flight ───────────────────────────────────────────────────────────────
    def _go_on(self, task: Task, now: float) -> None:
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

    # ── What can be seen ─────────────────────────────────────────────────────
    def _say_how_it_is(self, now: float) -> None:
        task = self._task
        idle = Pose(
            "DOCKED", "CLOSED" if self._battery == FULL else "CHARGING", self._settings.home, 0.0
        )
        self._sequence += 1
        said = {
            "deviceId": self.id,
            "sequence": self._sequence,
            "timestamp": timestamp(now),
            "online": True,
            "orderId": task.execution.job_id if task else None,
            "battery": round(task.charge(now) if task else self._battery),
            "weather": self._weather.at(now),
            **seen(task.pose(now) if task else idle),
        }
        self._publish(self.telemetry, said)

    def _log(self, what: str) -> None:
        print(f"{self.id}: {what}", flush=True)
