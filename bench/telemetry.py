"""Measure the cost of a drone's message, with no watchers and with many."""

from typing import Final

from bench.flight import Flight, prepare_flight
from bench.meter import Calls
from bench.report import Row, Section
from bench.sandbox import open_sandbox
from bench.setting import Setting
from bench.sockets import open_sockets
from local.kit.progress import step

WATCHERS: Final = (0, 1, 10, 30)
NOTES: Final = """\
Per message of two warm functions: one stores the reading, the other follows it up. The watchers are
real WebSocket connections to a mission in flight.
The drone's group has no watchers, and there are no shares: each live share would add one Publish.

The budget of n watchers is the number of calls without watchers, plus n. `dynamodb Query` reads the
watchers of the mission and of its group; nothing is scanned.
"""


def run(setting: Setting) -> Section:
    maximum = max(WATCHERS)
    with open_sandbox(setting.stack, "telemetry") as sandbox, prepare_flight(sandbox) as drone:
        rows = [build_row("docked, no watchers", measure_message(drone))]
        drone.request()
        drone.take_off()
        with (
            step(f"telemetry: {maximum} watchers"),
            open_sockets(setting.stack, maximum) as sockets,
        ):
            measured: dict[int, Calls] = {}
            for previous, count in zip((0, *WATCHERS), WATCHERS, strict=False):
                drone.add_watchers(sockets[previous:count])
                measured[count] = measure_message(drone)
        drone.land()
    base = measured[0].total
    rows += [
        build_row(f"in flight, {count} watchers", calls, budget=base + count)
        for count, calls in measured.items()
    ]
    each = (measured[maximum].total - base) / maximum
    rows.append(Row(name="each additional watcher", value=each, unit="calls", budget=1))
    return Section(title="AWS calls per device message", rows=rows, notes=NOTES)


def measure_message(drone: Flight) -> Calls:
    """Return the calls of a message, after another has filled the caches."""
    drone.fly(1)
    drone.recording.by_step.clear()
    drone.fly(1)
    total = Calls()
    for step_name in ("telemetry", "follow"):
        total.add(drone.recording.by_step.pop(step_name))
    return total


def build_row(name: str, calls: Calls, budget: int | None = None) -> Row:
    return Row(
        name=name,
        value=calls.total,
        unit="calls",
        budget=budget,
        details={"WRU": calls.write_units, "RRU": calls.read_units},
        note=", ".join(f"{n} {call}" for call, n in sorted(calls.count.items())),
    )
