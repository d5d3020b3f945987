"""Organisations with simulated docks that fly faster than real ones."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup, Plan
from local.stack.docks import run_docks
from tests.e2e.api import Answer, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.partners import Partner

ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
ROUND = "round"
ABSENT = "absent"
WAYPOINTS = ((9.9700, 53.5450, 60.0), (9.9720, 53.5460, 60.0), (9.9690, 53.5470, 40.0))


@dataclass(frozen=True)
class Fleet:
    partner: Partner
    group: str
    devices: Sequence[str]

    def ask(self, **about: Any) -> Answer:
        sane = {"name": "Round", "deviceGroupId": self.group, "missionId": ROUND}
        return self.partner.post("/v3/jobs/create", sane | about)

    def fly(self, **about: Any) -> str:
        answer = self.ask(**about)
        assert answer.status == 201, answer
        return str(answer.json["job"]["jobId"])

    def move(self, job_id: str, scheduled_at: str) -> Answer:
        return self.partner.send("PATCH", f"/v3/jobs/{job_id}", {"scheduledAt": scheduled_at})

    def job(self, job_id: str) -> Any:
        answer = self.partner.get(f"/v3/jobs/{job_id}")
        assert answer.status == 200, answer
        return answer.json["job"]

    def track(self, job_id: str) -> Any:
        answer = self.partner.get(f"/v3/jobs/{job_id}?track=true")
        assert answer.status == 200, answer
        return answer.json["job"]["track"]

    def until(self, job_id: str, *statuses: str, seconds: float = 60) -> Any:
        """Return the job once it has one of `statuses`, by default once it has ended."""
        wanted = statuses or ENDED
        return eventually(
            lambda: self.job(job_id), lambda job: job["status"] in wanted, seconds=seconds
        )

    def status_of(self, device: str) -> str:
        [found] = [
            each["status"]
            for group in self.partner.get("/v3/resources").json["resources"]
            for each in group["devices"]
            if each["deviceId"] == device
        ]
        return str(found)


@contextmanager
def fleet(
    cloud: Cloud, partner: Partner, behaviours: Sequence[str | None], *, away: float = 2
) -> Iterator[Fleet]:
    """Register a group with one device per behaviour, and run their docks.

    The dock of a device that is `ABSENT` does not run.
    """
    name = uuid4().hex[:8]
    ids = [f"dock-{name}-{n}" for n in range(1, len(behaviours) + 1)]
    devices = tuple(
        Device(id=each, tenant=partner.tenant, group=f"group-{name}", name=each) for each in ids
    )
    registry = DynamoFleetRegistry(cloud.client("dynamodb"), cloud.registry, clock=lambda: 0)
    registry.put_group(
        DeviceGroup(id=f"group-{name}", tenant=partner.tenant, name="Docks", devices=devices)
    )
    registry.put_plan(partner.tenant, Plan(id=ROUND, name="Round", waypoints=WAYPOINTS))
    made = Fleet(partner, f"group-{name}", ids)
    with ExitStack() as running:
        present = [each for each in dict.fromkeys(behaviours) if each != ABSENT]
        for behaviour in present:
            some = [each for each, does in zip(ids, behaviours, strict=True) if does == behaviour]
            running.enter_context(
                run_docks(cloud.stack, some, speed="fast", simulate=behaviour, away=away)
            )
            for each in some:
                eventually(lambda each=each: made.status_of(each), lambda seen: seen == "online")
        yield made


def in_seconds(seconds: float) -> str:
    """Return a time for `scheduledAt`."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
