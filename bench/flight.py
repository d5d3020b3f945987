"""One mission, from its request to the landing, in a time of its own: nobody waits for it."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from unittest.mock import patch

from bench import requests
from bench.course import Course, Walk
from bench.requests import DEVICE, TENANT
from bench.scene import Scene
from jobs.core import wiring as bootstrap
from jobs.core.adapters import messages
from jobs.core.job import JobRef, Millis
from jobs.missions.mission import DIALECT
from jobs.tracking.adapters.connections import DynamoConnections
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, job_resource
from local.kit.paths import ROOT

POLLED: Final = 2
"""Receiving and deleting a message, which Lambda does for the worker."""
FROM_OUTSIDE: Final = 3
"""The same, for one that a rule or a state machine has sent first."""
SETTLING_S: Final = 5
"""statemachines/mission.asl.yaml: from queueing a mission to the first look at it."""
DAY_MS: Final[Millis] = 24 * 3600 * 1000


class Clock:
    """Moves only when it is told to."""

    def __init__(self) -> None:
        self.now = bootstrap.now()

    def __call__(self) -> Millis:
        return self.now


@contextmanager
def flight(stage: Scene) -> Iterator["Flight"]:
    """A drone in its dock, in reach, and everything known that is kept for a minute."""
    clock = Clock()
    stage.forget()
    with patch("jobs.core.wiring.now", clock):
        made = Flight(stage, clock)
        made.get_known()
        made.reading()
        yield made
    stage.forget()


class Flight(Walk):
    """What AWS, the drone and its watchers do between the functions is done here."""

    def __init__(self, stage: Scene, clock: Clock) -> None:
        super().__init__(stage)
        self.clock = clock
        self.looks = 0
        self.device_messages = 0
        self.rules = 0
        self._device = stage.client("iot-jobs-data")
        self._order: str | None = None
        self._look_at = sys.maxsize  # nobody looks before there is a mission
        [reading] = json.loads((ROOT / "events/workers/take_telemetry.json").read_text())["Records"]
        self._reading = json.loads(reading["body"])

    @property
    def ref(self) -> JobRef:
        return JobRef(tenant=TENANT, dialect=DIALECT, id=self.course.job_id)

    def get_known(self) -> None:
        """Ask for another mission, of tomorrow, which does no more than that."""
        tomorrow = datetime.fromtimestamp((self.clock.now + DAY_MS) / 1000, UTC).isoformat()
        event = requests.create_mission(scheduledAt=tomorrow)
        self._stage.ask("missions.create_job", event)
        self.changes()

    def request(self) -> None:
        """Ask for the mission, and have it queued and given to the drone."""
        self.course, self.device_messages, self.rules = Course(), 0, 0
        answer = self.serve("create", "missions.create_job", requests.create_mission())
        self.course.job_id = answer["job"]["jobId"]
        self.follow()
        self._queued("run", "workers.run_mission", messages.to_text(self.ref), FROM_OUTSIDE)
        self._look_at = self.clock.now + SETTLING_S * 1000
        self.follow()
        self._notify()

    def take_off(self) -> None:
        started = self._device.start_next_pending_job_execution(thingName=DEVICE)
        self._order = started["execution"]["jobId"]
        self._take_up_or_put_down()

    def fly(self, seconds: int) -> None:
        """Say each second how it is, and let whoever watches over the mission look in time."""
        for _ in range(seconds):
            self.clock.now += 1000
            self.reading()
            if self.clock.now >= self._look_at:
                self.look()

    def land(self) -> None:
        done = {"jobId": self._order, "thingName": DEVICE, "status": "SUCCEEDED"}
        self._device.update_job_execution(**done)
        self._notify()
        self._order = None
        self._take_up_or_put_down()
        settle = self.message("MISSION_QUEUE_URL")
        self._queued("run", "workers.run_mission", settle["body"], POLLED)
        self.clock.now = max(self.clock.now, self._look_at)
        if not self.look():
            raise RuntimeError("the mission is not over")

    def reading(self) -> None:
        """Have the drone report, from its dock or from the air."""
        said = {
            **self._reading,
            "deviceId": DEVICE,
            "device": DEVICE,
            "sequence": self.clock.now,
            "orderId": self._order,
            "droneState": "WAYPOINT" if self._order else "DOCKED",
        }
        self.device_messages += 1
        self.rules += 1
        self._queued("telemetry", "workers.take_telemetry", json.dumps(said), FROM_OUTSIDE)

    def look(self) -> bool:
        """Do what the state machine does now and then; return whether the mission is over."""
        self.looks += 1
        answer = self.work("watch", "workers.watch_mission", messages.spelled(self.ref))
        if not answer["ended"]:
            self._look_at = int(datetime.fromisoformat(answer["again"]).timestamp() * 1000)
        return bool(answer["ended"])

    def follow(self) -> Sequence[Any]:
        """Have what has changed published and dispatched, each change by itself."""
        records = self.changes()
        for each in records:
            self.work("dispatch", "workers.dispatch_jobs", {"Records": [each]})
        return records

    def watched_by(self, connection_ids: Sequence[str]) -> None:
        """Put open connections on record as greeted, as watchers of the mission."""
        resource: Resource = job_resource(self.ref)
        table = self._stage.environment["MISSION_TABLE"]
        record = DynamoConnections(self._stage.client("dynamodb"), table, self.clock)
        for each in connection_ids:
            until = self.clock.now + DAY_MS
            record.add(Connection(id=each, resource=resource, until=until, sequence=1))

    def _notify(self) -> None:
        """Do what follows from a change of the drone's list of orders."""
        self.rules += 1
        report = json.dumps({"device": DEVICE})
        self._queued("report", "workers.take_device_report", report, FROM_OUTSIDE)
        self.follow()

    def _take_up_or_put_down(self) -> None:
        """Do what follows from a reading that names another order than the one before."""
        self.clock.now += 1000
        self.reading()
        self.follow()

    def _queued(self, name: str, handler: str, body: str, polled: int) -> None:
        self.course.polled += polled
        record = {"messageId": "bench", "receiptHandle": "bench", "body": body}
        answer = self.work(name, handler, {"Records": [record]})
        if answer["batchItemFailures"]:
            raise RuntimeError(f"{handler} has failed")
