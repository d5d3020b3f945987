"""All that one mission costs: ten minutes in the air, one watcher."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from bench import cost
from bench.cost import a_thousand, accompanying, usage
from bench.course import Course
from bench.flight import DAY_MS, Flight, flight
from bench.price import per_million
from bench.report import Row, Section
from bench.scene import scene
from bench.setting import Setting
from bench.sockets import opened, post, token
from bench.transitions import definition, history, transitions
from jobs.core.job import Millis
from local.cloud.aws import create_session
from local.kit.progress import step
from local.stack.docks import run_docks
from local.stack.local_stack import LocalStack

MINUTES: Final = 10
JOB_MESSAGES: Final = 8
"""Assumed: what the drone and AWS IoT Jobs tell each other about an order."""
ORDER: Final = 3000.0
"""Assumed: $0.003 for an order, as a remote action of AWS IoT Device Management."""
DAYS: Final = 30
READINGS: Final = 60
EVERY_MS: Final[Millis] = 5_000
"""Between two readings of a drone in its dock (local/devices/dock.py)."""
DOCK: Final = "dock-1"
NOTES: Final = f"""\
us-east-1 list prices and Lambda's time as above; a reading a second, none in a batch with others;
{MINUTES} minutes that are walked through in a time of their own: every call is made, nobody waits.
Left out: the token, the opening of the watcher's connection, the idle polling of queues.

Of AWS IoT each message counts: the drone's own, the two that are published of it (an MQTT
subscriber makes it two more each, sent and acknowledged), and {JOB_MESSAGES} about
the order.

Transitions are of as many looks at the mission as were made; beside it, the states that the history
of a deployed execution shows, whose drone flew for seconds, and as many as are counted for its
looks.

AWS IoT Jobs are billed by AWS IoT Device Management: $0.003 an order is an assumption, and stands
beside the sum.

A drone in its dock, whom nobody watches, reports every {EVERY_MS // 1000} s.
"""


def run(setting: Setting) -> Section:
    with (
        scene(setting.stack, "mission") as stage,
        step(f"mission: {MINUTES} minutes, second by second"),
        opened(setting.stack, 1) as sockets,
        flight(stage) as drone,
    ):
        idle = docked(drone)
        drone.request()
        drone.watched_by(sockets)
        logged = stage.log.size
        drone.take_off()
        drone.fly(MINUTES * 60)
        drone.land()
        logged = stage.log.size - logged
    machine = definition("mission")
    states = transitions(machine, laps=drone.looks)
    with step("mission: a real one, of seconds"):
        seen = flown(setting.stack, stage.environment["MISSION_ARN"])
    used = usage(
        drone.course,
        transitions=states,
        iot_messages=drone.device_messages + JOB_MESSAGES,
        rules=drone.rules,
        socket_minutes=MINUTES,
    )
    services = per_million(used)
    beside = {**accompanying(used, drone.course, logged), "AWS IoT Jobs": ORDER}
    rows = [
        *drone.course.rows(),
        drone.course.total(lambda_ms=used.lambda_ms),
        Row(
            what="transitions",
            value=states,
            beside={
                "looks": drone.looks,
                "in a real execution's history": len(seen),
                "counted for its looks": transitions(machine, laps=seen.count("Watch")),
            },
        ),
        *cost.rows("a million missions", services, beside),
        Row(what=f"a drone in its dock, {DAYS} days", value=idle, unit="$"),
    ]
    return Section(
        title=f"One mission, {MINUTES} minutes, 1 watcher",
        rows=rows,
        notes=NOTES,
        thousand={f"missions of {MINUTES} minutes, 1 watcher": a_thousand(services, beside)},
    )


def flown(stack: LocalStack, machine_arn: str) -> Sequence[str]:
    """Have the deployed system fly a short mission; return the states of its execution."""
    body = {
        "name": "Short",
        "deviceGroupId": stack.seeded["missions"]["deviceGroupId"],
        "deviceId": DOCK,
    }
    with run_docks(stack, [DOCK], speed="fast"):
        bearer = {"Authorization": f"Bearer {token(stack)}"}
        job_id = post(stack, "/v3/jobs/create", body, **bearer)["job"]["jobId"]
        client = create_session().client("stepfunctions", endpoint_url=stack.aws_endpoint_url)
        with closing(client) as stepfunctions:
            return history(stepfunctions, machine_arn, job_id)


def docked(drone: Flight) -> float:
    """Dollars for all that a drone says in its dock while nobody watches."""
    drone.course = Course()
    for _ in range(READINGS):
        drone.clock.now += EVERY_MS
        drone.reading()
    used = usage(drone.course, iot_messages=READINGS, rules=READINGS)
    drone.get_known()  # what was kept for a minute has been forgotten meanwhile
    said = DAYS * DAY_MS / EVERY_MS
    return sum(per_million(used).values()) / READINGS * said / 1e6
