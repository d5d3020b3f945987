"""All that one mission costs: ten minutes in the air, one watcher."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from bench.flight import Flight, flight
from bench.price import Usage, beside_the_budget, billed_ms, per_million
from bench.report import Row, Section
from bench.scene import scene
from bench.setting import Setting
from bench.sockets import opened, post, token
from bench.transitions import definition, history, transitions
from local.aws import session
from local.docks import docks
from local.progress import step
from local.stack import LocalStack

MINUTES: Final = 10
JOB_MESSAGES: Final = 8
"""Assumed: what the drone and AWS IoT Jobs tell each other about an order."""
ORDER: Final = 3000.0
"""Assumed: $0.003 for an order, as a remote action of AWS IoT Device Management."""
DOCK: Final = "dock-1"
NOTES: Final = f"""\
us-east-1 list prices, arm64, as above; a reading a second, each by itself; {MINUTES} minutes that
are walked through in a time of their own: every call is made, nobody waits. The telemetry queue's
idle polling, the token, the opening of the watcher's connection and what the drone says in its dock
are left out.

Of AWS IoT each message counts: the drone's, the two that are published of it (more only for MQTT
subscribers: two for each of theirs, as they acknowledge it), and {JOB_MESSAGES} about the order.

The states of an execution are counted from the looks at the mission; beside it stands the count in
the history of an execution of the deployed machine, whose drone flew for seconds, and what
the same way of counting makes of its looks.

AWS IoT Jobs are billed by AWS IoT Device Management; its price is taken to be $0.003 an order, and
stands beside the sum, as it was not looked up.
"""


def run(setting: Setting) -> Section:
    with (
        scene(setting.stack, "mission") as stage,
        step(f"mission: {MINUTES} minutes, second by second"),
        opened(setting.stack, 1) as sockets,
        flight(stage) as drone,
    ):
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
    used = usage(drone, states)
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
        *money(used, drone, logged),
    ]
    return Section(title=f"One mission, {MINUTES} minutes, 1 watcher", rows=rows, notes=NOTES)


def flown(stack: LocalStack, machine_arn: str) -> Sequence[str]:
    """Have the deployed system fly a short mission; return the states of its execution."""
    body = {
        "name": "Short",
        "deviceGroupId": stack.seeded["missions"]["deviceGroupId"],
        "deviceId": DOCK,
    }
    with docks(stack, [DOCK], speed="fast"):
        bearer = {"Authorization": f"Bearer {token(stack)}"}
        job_id = post(stack, "/v3/jobs/create", body, **bearer)["job"]["jobId"]
        client = session().client("stepfunctions", endpoint_url=stack.aws_endpoint_url)
        with closing(client) as stepfunctions:
            return history(stepfunctions, machine_arn, job_id)


def usage(drone: Flight, states: int) -> Usage:
    course, calls = drone.course, drone.course.calls
    return Usage(
        requests=course.requests,
        invocations=course.invocations,
        lambda_ms=billed_ms(cpu_ms=course.cpu_ms, calls=calls.total),
        write_units=calls.write_units,
        read_units=calls.read_units,
        queue_requests=calls.of("sqs") + course.polled,
        transitions=states,
        events=calls.of("events"),
        iot_messages=drone.device_messages + calls.of("iot-data") + JOB_MESSAGES,
        rules=drone.rules,
        socket_messages=calls.of("apigatewaymanagementapi"),
        socket_minutes=MINUTES,
    )


def money(used: Usage, drone: Flight, log_bytes: float) -> list[Row]:
    services = per_million(used)
    beside = beside_the_budget(
        log_bytes=log_bytes,
        invocations=used.invocations,
        traces=used.invocations,
        answer_bytes=drone.course.answer_bytes,
    )
    return [
        *(Row(what=name, value=dollars, unit="$/M") for name, dollars in services.items()),
        Row(what="a million missions", value=sum(services.values()), unit="$/M"),
        Row(
            what="beside the sum",
            value=sum(beside.values()) + ORDER,
            unit="$/M",
            beside={f"$/M {name}": dollars for name, dollars in beside.items()}
            | {"$/M AWS IoT Jobs": ORDER},
        ),
    ]
