"""What a drone's message costs, with nobody and with many watching."""

from typing import Final

from bench.flight import Flight, flight
from bench.meter import Calls
from bench.report import Row, Section
from bench.scene import scene
from bench.setting import Setting
from bench.sockets import opened
from local.kit.progress import step

WATCHERS: Final = (0, 1, 10, 30)
NOTES: Final = """\
Of a warm function, per message; the watchers are WebSocket connections that are really open, to a
mission in flight. Nobody watches the drone's group and nothing is shared: each live share of either
would be a Publish more.

The budget of n watchers is the calls for none, and n. `dynamodb Query` is of those who watch the
mission, and of those who watch its group: nothing is scanned.
"""


def run(setting: Setting) -> Section:
    most = max(WATCHERS)
    with scene(setting.stack, "telemetry") as stage, flight(stage) as drone:
        rows = [row("docked, nobody watches", again(drone))]
        drone.request()
        drone.take_off()
        with step(f"telemetry: {most} watchers"), opened(setting.stack, most) as sockets:
            measured: dict[int, Calls] = {}
            for before, count in zip((0, *WATCHERS), WATCHERS, strict=False):
                drone.watched_by(sockets[before:count])
                measured[count] = again(drone)
        drone.land()
    base = measured[0].total
    rows += [
        row(f"in flight, {count} watching", calls, budget=base + count)
        for count, calls in measured.items()
    ]
    each = (measured[most].total - base) / most
    rows.append(Row(what="each watcher more", value=each, unit="calls", budget=1))
    return Section(title="AWS calls per device message", rows=rows, notes=NOTES)


def again(drone: Flight) -> Calls:
    """The calls of a message, after one that has made what is kept known."""
    drone.fly(1)
    drone.course.by_step.clear()
    drone.fly(1)
    return drone.course.by_step.pop("telemetry")


def row(what: str, calls: Calls, budget: int | None = None) -> Row:
    return Row(
        what=what,
        value=calls.total,
        unit="calls",
        budget=budget,
        beside={"WRU": calls.write_units, "RRU": calls.read_units},
        note=", ".join(f"{n} {call}" for call, n in sorted(calls.count.items())),
    )
