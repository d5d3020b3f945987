"""How a flight looks: on a terminal it is in one place, elsewhere a line for each sighting."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sortie_client.cli.output import elapsed, printable, status
from sortie_client.mission_models import Sighting


def facts(seen: Sighting) -> list[tuple[str, str]]:
    """What is known of a flight, in an order that does not change."""
    navigation = seen.navigation
    position = navigation.position.coordinates if navigation and navigation.position else ()
    speed = navigation.velocity.ground_speed if navigation and navigation.velocity else None
    return [
        ("mission", seen.job_state or "-"),
        ("drone", seen.device_id or "-"),
        ("does", seen.drone_state or "-"),
        ("dock", seen.dock_state or "-"),
        ("position", " ".join(f"{value:.5f}" for value in position[:2]) or "-"),
        ("altitude", f"{position[2]:.0f} m" if position[2:] else "-"),
        ("speed", "-" if speed is None else f"{speed:.1f} m/s"),
    ]


class Flight:
    """What was seen last, framed; it shows that it lives even when nothing is seen."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._began = time.monotonic()
        self._turning = Spinner("dots", style="cyan")
        self.seen = Sighting(raw={})

    def __rich__(self) -> Panel:
        (first, state), *more = facts(self.seen)
        shown = Table.grid(padding=(0, 2))
        shown.add_column(style="dim", min_width=8)
        turning = "" if self.seen.is_last else self._turning
        shown.add_row(first, status(printable(state)), turning)
        for name, value in more:
            shown.add_row(name, Text(printable(value)))
        return Panel(
            shown,
            title=Text(f"mission {self._job_id}"),
            subtitle=elapsed(time.monotonic() - self._began),
            border_style="dim",
            expand=False,
            padding=(0, 1),
        )


@contextmanager
def shown_live(job_id: str) -> Iterator[Callable[[Sighting], None]]:
    """Give what shows a sighting in the place of the one before."""
    flight = Flight(job_id)
    with Live(flight, console=Console(highlight=False), refresh_per_second=10) as live:

        def see(seen: Sighting) -> None:
            flight.seen = seen
            live.refresh()

        yield see
