"""Measure the whole cost of a mission: ten minutes in the air, one watcher."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from bench import cost
from bench.cost import compute_extras, compute_usage, price_thousand
from bench.flight import DAY_MS, Flight, prepare_flight
from bench.price import price_million
from bench.recording import Recording
from bench.report import Row, Section
from bench.sandbox import open_sandbox
from bench.setting import Setting
from bench.sockets import fetch_token, open_sockets, post_json
from bench.transitions import count_transitions, load_definition, wait_for_history
from jobs.kit.clock import Millis
from local.cloud.aws import create_session
from local.kit.progress import step
from local.stack.docks import run_docks
from local.stack.local_stack import LocalStack

MINUTES: Final = 10
JOB_MESSAGES: Final = 8
"""Assumed: messages between the drone and AWS IoT Jobs about an order."""
ORDER: Final = 3000.0
"""Assumed: $0.003 per order, as a remote action of AWS IoT Device Management."""
DAYS: Final = 30
MESSAGES: Final = 60
IDLE_INTERVAL_MS: Final[Millis] = 5_000
"""Between two telemetry messages of a docked drone (local/devices/dock.py)."""
DOCK: Final = "dock-1"
NOTES: Final = f"""\
List prices of us-east-1 and Lambda's time as above. The drone sends telemetry once per second, and
each message is a batch of its own. The {MINUTES} minutes run on a simulated clock: every call is
made, without the waiting. Excluded: the token, the opening of the watcher's connection, the idle
polling of queues.

AWS IoT charges each message: the drone's own, the two that are published for it (each MQTT
subscriber adds two more, sent and acknowledged), and {JOB_MESSAGES} about the order.

The details compare the transitions with the states in a deployed execution's history. Checks are
messages: each queues the next.

AWS IoT Device Management bills AWS IoT Jobs: $0.003 per order is an assumption, outside the sum.

A docked drone without watchers reports every {IDLE_INTERVAL_MS // 1000} s.
"""


def run(setting: Setting) -> Section:
    with (
        open_sandbox(setting.stack, "mission") as sandbox,
        step(f"mission: {MINUTES} minutes, second by second"),
        open_sockets(setting.stack, 1) as sockets,
        prepare_flight(sandbox) as drone,
    ):
        idle = price_docked_drone(drone)
        drone.request()
        drone.add_watchers(sockets)
        logged = sandbox.log.size
        drone.take_off()
        drone.fly(MINUTES * 60)
        drone.land()
        logged = sandbox.log.size - logged
    machine = load_definition("mission")
    states = count_transitions(machine)
    with step("mission: a deployed one, of seconds"):
        observed = fly_deployed_mission(setting.stack, sandbox.environment["MISSION_ARN"])
    used = compute_usage(
        drone.recording,
        transitions=states,
        iot_messages=drone.device_messages + JOB_MESSAGES,
        rules=drone.rules,
        socket_minutes=MINUTES,
    )
    services = price_million(used)
    extras = {**compute_extras(used, drone.recording, logged), "AWS IoT Jobs": ORDER}
    rows = [
        *drone.recording.rows(),
        drone.recording.total(lambda_ms=used.lambda_ms),
        Row(
            name="transitions",
            value=states,
            details={
                "checks": drone.checks,
                "in a deployed execution's history": len(observed),
            },
        ),
        *cost.build_rows("a million missions", services, extras),
        Row(name=f"a docked drone, {DAYS} days", value=idle, unit="$"),
    ]
    return Section(
        title=f"One mission, {MINUTES} minutes, 1 watcher",
        rows=rows,
        notes=NOTES,
        thousand={f"missions of {MINUTES} minutes, 1 watcher": price_thousand(services, extras)},
    )


def fly_deployed_mission(stack: LocalStack, machine_arn: str) -> Sequence[str]:
    """Fly a short mission with the deployed system; return the states of its execution."""
    body = {
        "name": "Short",
        "deviceGroupId": stack.seeded["missions"]["deviceGroupId"],
        "deviceId": DOCK,
    }
    with run_docks(stack, [DOCK], speed="fast"):
        bearer = {"Authorization": f"Bearer {fetch_token(stack)}"}
        job_id = post_json(stack, "/v3/jobs/create", body, **bearer)["job"]["jobId"]
        client = create_session().client("stepfunctions", endpoint_url=stack.aws_endpoint_url)
        with closing(client) as stepfunctions:
            return wait_for_history(stepfunctions, machine_arn, job_id)


def price_docked_drone(drone: Flight) -> float:
    """Return the dollars of a docked drone's telemetry without watchers."""
    drone.recording = Recording()
    for _ in range(MESSAGES):
        drone.clock.now += IDLE_INTERVAL_MS
        drone.send_telemetry()
    used = compute_usage(drone.recording, iot_messages=MESSAGES, rules=MESSAGES)
    drone.warm_up()  # the caches have expired meanwhile
    sent = DAYS * DAY_MS / IDLE_INTERVAL_MS
    return sum(price_million(used).values()) / MESSAGES * sent / 1e6
