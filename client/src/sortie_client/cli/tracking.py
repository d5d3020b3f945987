"""Live tracking of a mission: a panel on a terminal, else one line per update."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sortie_client.cli.output import coloured, format_elapsed, printable
from sortie_client.missions.models import TrackingUpdate


def fields(update: TrackingUpdate) -> list[tuple[str, str]]:
    """Return names and values in a fixed order; unknown values are `-`."""
    navigation = update.navigation
    position = navigation.position.coordinates if navigation and navigation.position else ()
    speed = navigation.velocity.ground_speed if navigation and navigation.velocity else None
    return [
        ("mission", update.job_state or "-"),
        ("drone", update.device_id or "-"),
        ("drone state", update.drone_state or "-"),
        ("dock state", update.dock_state or "-"),
        ("position", " ".join(f"{value:.5f}" for value in position[:2]) or "-"),
        ("altitude", f"{position[2]:.0f} m" if position[2:] else "-"),
        ("speed", "-" if speed is None else f"{speed:.1f} m/s"),
    ]


class TrackingPanel:
    """The last update in a frame, with a spinner until the mission has ended."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._started_at = time.monotonic()
        self._spinner = Spinner("dots", style="cyan")
        self.update = TrackingUpdate(raw={})

    def __rich__(self) -> Panel:
        (name, state), *more = fields(self.update)
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        spinner = "" if self.update.is_last else self._spinner
        table.add_row(name, coloured(printable(state)), spinner)
        for name, value in more:
            table.add_row(name, Text(printable(value)))
        return Panel(
            table,
            title=Text(f"mission {self._job_id}"),
            subtitle=format_elapsed(time.monotonic() - self._started_at),
            border_style="dim",
            expand=False,
            padding=(0, 1),
        )


@contextmanager
def live_panel(job_id: str) -> Iterator[Callable[[TrackingUpdate], None]]:
    """Show a panel; yield a function that replaces its update."""
    panel = TrackingPanel(job_id)
    with Live(panel, console=Console(highlight=False), refresh_per_second=10) as live:

        def show(update: TrackingUpdate) -> None:
            panel.update = update
            live.refresh()

        yield show
