"""Measure how long a tenant waits for answers, without and with attacks of another tenant."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from bench.neighbours import attacks
from bench.neighbours.attacks import Attack, repeat, run_receiver
from bench.neighbours.tenants import Cloud
from bench.report import Row, Section
from bench.setting import Setting
from local.kit.progress import step
from local.stack.launch import run_stack

MAX_RATIO: Final = 2
LIMITS: Final = {"MessagesPerMinute": "60", "AgentTenantConcurrency": "2"}
"""For a stack that answers about eight messages a second, with eight workers."""
UNLIMITED: Final = 10_000
DOCK_INTERVAL_S: Final = 5
PAUSE_S: Final = 0.1
DRAIN_S: Final = 60
NOTES: Final = """\
The 95th percentile of a tenant's time from create to answer during an attack of another tenant,
over the one without. Each attack is within the limits of its tenant: 60 messages a minute, two at a
time, which suits a stack that answers eight a second. Creates follow each other. The times without
come from before each attack, all together.

Dock: how many looks at a dock of the tenant, which reports every 5 s, show it offline.
"""


class Lengths(NamedTuple):
    """Seconds of a measurement."""

    without: float
    attacked: float


class Times(NamedTuple):
    p50: float
    p95: float


def run(setting: Setting) -> Section:
    lengths = Lengths(2, 5) if setting.quick else Lengths(8, 20)
    with run_stack(with_docks=False, parameters=LIMITS) as stack:
        return measure_all(Bench(Cloud(stack), lengths), quick=setting.quick)


def measure_all(bench: "Bench", *, quick: bool) -> Section:
    timed_out_at = None if quick else bench.fill_sessions()
    bench.warm_up()
    bench.measure("slow agent messages", attacks.send_slow_messages)
    bench.measure("burst of creates", attacks.create_many)
    bench.measure("timers of one second", attacks.end_timers_together)
    bench.measure_webhooks("receivers that hang", attacks.hang_receivers)
    bench.measure_dock("shares and viewers", attacks.share_and_watch)
    bench.measure_dock("telemetry flood", attacks.flood_telemetry)
    if timed_out_at is not None:
        bench.measure_session("sessions that time out", timed_out_at)
    return Section(title="Neighbours, 95th percentile", rows=bench.build_rows(), notes=NOTES)


class Bench:
    def __init__(self, cloud: Cloud, lengths: Lengths) -> None:
        self._cloud = cloud
        self._lengths = lengths
        self._victim = cloud.add_tenant(messages_per_minute=UNLIMITED)
        self._victim.allow_webhooks()
        _, [self._dock] = self._victim.add_docks(1)
        self._without: list[float] = []
        self._webhooks_without: list[float] = []
        self._attacked: dict[str, Sequence[float]] = {}
        self._notes: dict[str, str] = {}
        self._sessions = cloud.add_tenant(messages_per_minute=UNLIMITED)

    def fill_sessions(self) -> float:
        with step("neighbours: filling sessions"):
            return attacks.fill_sessions(self._sessions)

    def warm_up(self) -> None:
        with step("neighbours: warming up"):
            self._time(self._victim.time_answer, self._lengths.without)

    def measure(self, name: str, attack: Attack) -> None:
        attacker = self._cloud.add_tenant()
        with step(f"neighbours: {name}"):
            self._without += self._time(self._victim.time_answer, self._lengths.without)
            with attack(attacker):
                self._attacked[name] = self._time(self._victim.time_answer, self._lengths.attacked)
            attacker.drain()

    def measure_webhooks(self, name: str, attack: Attack) -> None:
        """Measure messages, and the time from create to webhook."""
        attacker, webhooks = self._cloud.add_tenant(), f"{name}: webhooks"
        with step(f"neighbours: {name}"), run_receiver(hang=False) as (url, arrived):

            def time_webhook() -> float:
                start, before = time.monotonic(), len(arrived)
                self._victim.create("Hello", webhook={"url": url, "events": ["completed"]})
                while len(arrived) == before and time.monotonic() < start + DRAIN_S:
                    time.sleep(0.02)
                return time.monotonic() - start

            half = self._lengths.attacked / 2
            self._without += self._time(self._victim.time_answer, self._lengths.without)
            self._webhooks_without += self._time(time_webhook, self._lengths.without)
            with attack(attacker):
                self._attacked[name] = self._time(self._victim.time_answer, half)
                self._attacked[webhooks] = self._time(time_webhook, half)

    def measure_dock(self, name: str, attack: Attack) -> None:
        """Measure messages, and look at a dock."""
        looks: list[bool] = []
        with repeat(lambda: self._victim.report(self._dock), every_s=DOCK_INTERVAL_S):
            while not self._victim.is_online(self._dock):
                time.sleep(0.2)
            with repeat(lambda: looks.append(self._victim.is_online(self._dock)), every_s=1):
                self.measure(name, attack)
        self._notes[name] = f"dock: {looks.count(False)} of {len(looks)} looks offline"

    def measure_session(self, name: str, at: float) -> None:
        with step(f"neighbours: {name}"):
            self._without += self._time(self._victim.time_answer, self._lengths.without)
            time.sleep(max(0.0, at - 5 - time.monotonic()))
            self._attacked[name] = self._time(self._victim.time_answer, self._lengths.attacked)

    def build_rows(self) -> list[Row]:
        without = to_times(self._without)
        rows = [
            Row(
                name="without an attack",
                value=without.p95,
                unit="s",
                details={"s median": without.p50, "answers": len(self._without)},
            )
        ]
        for name, samples in self._attacked.items():
            base = without
            if name.endswith("webhooks"):
                base = to_times(self._webhooks_without)
            rows.append(build_row(name, base, samples, self._notes.get(name, "")))
        return rows

    def _time(self, act: Callable[[], float], seconds: float) -> list[float]:
        samples, until = list[float](), time.monotonic() + seconds
        while time.monotonic() < until:
            samples.append(act())
            time.sleep(PAUSE_S)
        return samples


def build_row(name: str, without: Times, samples: Sequence[float], note: str) -> Row:
    attacked = to_times(samples)
    return Row(
        name=name,
        value=attacked.p95 / without.p95,
        unit="times",
        budget=MAX_RATIO,
        details={
            "s": attacked.p95,
            "s median": attacked.p50,
            "s without": without.p95,
            "answers": len(samples),
        },
        note=note,
    )


def to_times(samples: Sequence[float]) -> Times:
    ordered = sorted(samples)
    return Times(statistics.median(ordered), ordered[round(0.95 * (len(ordered) - 1))])
