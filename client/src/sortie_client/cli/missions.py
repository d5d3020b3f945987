"""`sortie missions`: ask for flights, and watch them live."""

import json
import sys
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from sortie_client.cli.output import AsJson, goes_on, note, printable, say, say_json, status
from sortie_client.client import Sortie
from sortie_client.errors import JobFailedError, NotConfiguredError
from sortie_client.mission_models import MissionStatus, Sighting
from sortie_client.settings import configuration

app = typer.Typer(help="Missions of docked drones.", no_args_is_help=True)


def moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.astimezone()


def mapping(text: str) -> Any:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise typer.BadParameter("it is no JSON object")
    return value


@app.command()
def fly(
    mission: Annotated[str | None, typer.Argument(help="The id of what is to be flown.")] = None,
    *,
    group: Annotated[
        str | None,
        typer.Option(envvar="SORTIE_DEVICE_GROUP", help="The group whose drones may fly it."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    device: Annotated[str | None, typer.Option(help="The one drone that may fly it.")] = None,
    priority: Annotated[int | None, typer.Option(min=1, max=10)] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            parser=moment,
            help="When, in ISO 8601; without an offset it is local time.",
        ),
    ] = None,
    metadata: Annotated[
        Any, typer.Option(metavar="JSON", parser=mapping, help="A JSON object.")
    ] = None,
    watched: Annotated[bool, typer.Option("--watch/--no-watch", help="Follow the flight.")] = True,
    as_json: AsJson = False,
) -> None:
    """Ask for a mission, and watch it live."""
    with Sortie() as sortie:
        made = sortie.missions.create_job(
            name or mission or "Mission",
            group or _group(sortie),
            mission_id=mission,
            device_id=device,
            priority=priority,
            scheduled_at=at,
            metadata=metadata,
        )
        if watched:
            note(f"mission {made.job_id}")
            follow(sortie, made.job_id, as_json=as_json)
        elif as_json:
            say_json(made.raw)
        else:
            say(made.job_id)


@app.command()
def watch(job_id: Annotated[str, typer.Argument(metavar="ID")], *, as_json: AsJson = False) -> None:
    """Follow a mission live, to its end."""
    with Sortie() as sortie:
        follow(sortie, job_id, as_json=as_json)


def follow(sortie: Sortie, job_id: str, *, as_json: bool) -> None:
    """Show what watchers are sent, to the end. Raises `JobFailedError`."""
    with goes_on(f"sortie missions watch {job_id}"), ExitStack() as screen:
        live = None
        if sys.stdout.isatty() and not as_json:
            live = screen.enter_context(Live(console=Console(), auto_refresh=False))
        for seen in sortie.missions.watch(job_id):
            if live:
                live.update(panel(seen), refresh=True)
            elif as_json:
                say_json(seen.raw, line=True)
            else:
                say("\t".join(value for _, value in facts(seen)))
    mission = sortie.missions.get_job(job_id)
    if mission.status is not MissionStatus.COMPLETED:
        raise JobFailedError(mission.error or f"The mission is {mission.status}", mission)


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


def panel(seen: Sighting) -> Table:
    shown = Table.grid(padding=(0, 2))
    for name, value in facts(seen):
        shown.add_row(name, status(printable(value)))
    return shown


def _group(sortie: Sortie) -> str:
    """Return the group that the configuration names, or the only one there is."""
    if named := configuration().get("SORTIE_DEVICE_GROUP"):
        return named
    groups = [each.device_group_id for each in sortie.missions.list_resources()]
    if len(groups) == 1:
        return groups[0]
    raise NotConfiguredError(f"Say which drones, with --group: {', '.join(groups) or 'none yet'}")
