"""Fly one mission from its request to the landing, on a simulated clock."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from unittest.mock import patch

from bench import requests
from bench.recording import Recording, Runner
from bench.requests import TENANT, THING
from bench.sandbox import Sandbox
from jobs.core.adapters import messages
from jobs.core.job import JobRef
from jobs.kit.clock import Millis, now
from jobs.missions.adapters.timers import MAX_DELAY_S, SqsMissionChecks
from jobs.missions.mission import KIND
from jobs.tracking.adapters.connections import DynamoConnections
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, job_resource
from local.kit.paths import ROOT
from scripts import wirings

POLLED: Final = 2
"""Lambda receives and deletes the message for the worker."""
FROM_OUTSIDE: Final = 3
"""The same, after a rule or a state machine has sent the message."""
SETTLING_S: Final = 5
"""statemachines/mission.asl.yaml: from queueing a mission to its first check."""
DAY_MS: Final[Millis] = 24 * 3600 * 1000


class Clock:
    """A clock that moves only when it is set."""

    def __init__(self) -> None:
        self.now = now()

    def __call__(self) -> Millis:
        return self.now


@contextmanager
def prepare_flight(sandbox: Sandbox) -> Iterator["Flight"]:
    """Yield a flight with a docked, reachable drone and warm caches."""
    clock = Clock()
    sandbox.forget()
    with ExitStack() as patches:
        for core in wirings.CORES:
            patches.enter_context(patch.object(core, "clock", clock))
        made = Flight(sandbox, clock)
        made.warm_up()
        made.send_telemetry()
        yield made
    sandbox.forget()


class Flight(Runner):
    """Does the work of AWS, the drone and its watchers between the functions."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        super().__init__(sandbox)
        self.clock = clock
        self.checks = 0
        self.device_messages = 0
        self.rules = 0
        self._device = sandbox.client("iot-jobs-data")
        self._order: str | None = None
        self._check_at = sys.maxsize  # until there is a mission
        [record] = json.loads((ROOT / "events/workers/take_telemetry.json").read_text())["Records"]
        self._telemetry = json.loads(record["body"])

    @property
    def ref(self) -> JobRef:
        return JobRef(tenant=TENANT, kind=KIND, id=self.recording.job_id)

    def warm_up(self) -> None:
        """Create another mission, scheduled for tomorrow, to fill the caches."""
        tomorrow = datetime.fromtimestamp((self.clock.now + DAY_MS) / 1000, UTC).isoformat()
        event = requests.create_mission(scheduledAt=tomorrow)
        self._sandbox.ask("missions.create_job", event)
        self.changes()
        self.take_all("UPDATE_QUEUE_URL")

    def request(self) -> None:
        """Create the mission, queue it, and send its order to the drone."""
        self.recording, self.device_messages, self.rules = Recording(), 0, 0
        answer = self.serve("create", "missions.create_job", requests.create_mission())
        self.recording.job_id = answer["job"]["jobId"]
        self.follow()
        self._queued("run", "workers.run_mission", messages.to_text(self.ref), FROM_OUTSIDE)
        self._check_at = self.clock.now + SETTLING_S * 1000
        self.follow()
        self._report_orders()

    def take_off(self) -> None:
        started = self._device.start_next_pending_job_execution(thingName=THING)
        self._order = started["execution"]["jobId"]
        self._send_changed_order()

    def fly(self, seconds: int) -> None:
        """Send telemetry each second, and run the mission's checks when they are due."""
        for _ in range(seconds):
            self.clock.now += 1000
            self.send_telemetry()
            if self.clock.now >= self._check_at:
                self.check()

    def land(self) -> None:
        done = {"jobId": self._order, "thingName": THING, "status": "SUCCEEDED"}
        self._device.update_job_execution(**done)
        self._report_orders()
        self._order = None
        self._send_changed_order()
        settle = self.message("MISSION_QUEUE_URL")
        self._queued("run", "workers.run_mission", settle["body"], POLLED)
        self.clock.now = max(self.clock.now, self._check_at)
        if not self.check():
            raise RuntimeError("the mission has not ended")

    def send_telemetry(self) -> None:
        """Send the drone's telemetry, from its dock or from the air."""
        message = {
            **self._telemetry,
            "thing": THING,
            "sequence": self.clock.now,
            "orderId": self._order,
            "droneState": "WAYPOINT" if self._order else "DOCKED",
        }
        self.device_messages += 1
        self.rules += 1
        self._queued("telemetry", "workers.take_telemetry", json.dumps(message), FROM_OUTSIDE)
        self._send_updates("follow")

    def check(self) -> bool:
        """Check the mission; return whether it has ended."""
        self.checks += 1
        scheduled: list[Millis] = []
        schedule = SqsMissionChecks.schedule

        def note(checks: SqsMissionChecks, ref: JobRef, *, at: Millis, moves: int) -> None:
            scheduled.append(at)
            schedule(checks, ref, at=at, moves=moves)

        with patch.object(SqsMissionChecks, "schedule", note):  # as messages have the real clock
            sent_by = FROM_OUTSIDE if self.checks == 1 else POLLED
            self._queued("watch", "workers.watch_mission", messages.to_text(self.ref), sent_by)
        self._check_at = min([*scheduled, self.clock.now + MAX_DELAY_S * 1000])
        return not scheduled

    def follow(self) -> Sequence[Any]:
        """Publish and dispatch each change separately."""
        records = self.changes()
        for each in records:
            self.work("dispatch", "workers.dispatch_jobs", {"Records": [each]})
            self._send_updates("notify")
        return records

    def add_watchers(self, connection_ids: Sequence[str]) -> None:
        """Record open connections as watchers of the mission that have its current state."""
        resource: Resource = job_resource(self.ref)
        table = self._sandbox.environment["MISSION_TABLE"]
        record = DynamoConnections(self._sandbox.client("dynamodb"), table, self.clock)
        for each in connection_ids:
            until = self.clock.now + DAY_MS
            record.add(Connection(id=each, resource=resource, until=until, sequence=1))

    def _report_orders(self) -> None:
        """Report a change of the drone's list of orders, and process its consequences."""
        self.rules += 1
        report = json.dumps({"thing": THING})
        self._queued("report", "workers.take_device_report", report, FROM_OUTSIDE)
        self.follow()

    def _send_changed_order(self) -> None:
        """Send telemetry with another order than before, and process its consequences."""
        self.clock.now += 1000
        self.send_telemetry()
        self.follow()

    def _send_updates(self, name: str) -> None:
        """Follow up what the last function has queued: a change, or a reading."""
        for each in self.take_all("UPDATE_QUEUE_URL"):
            self._queued(name, "workers.follow_updates", each["body"], POLLED)

    def _queued(self, name: str, handler: str, body: str, polled: int) -> None:
        self.recording.polled += polled
        sent = {"SentTimestamp": str(self.clock.now)}
        record = {"messageId": "b", "receiptHandle": "b", "body": body, "attributes": sent}
        answer = self.work(name, handler, {"Records": [record]})
        if answer["batchItemFailures"]:
            raise RuntimeError(f"{handler} has failed")
