"""`sortie missions`: ask for flights, and watch them live."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from sortie_client.cli.flight import facts, shown_live
from sortie_client.cli.output import AsJson, goes_on, note, say, say_json, waiting
from sortie_client.client import Sortie
from sortie_client.errors import JobFailedError, NotConfiguredError
from sortie_client.mission_models import MissionStatus
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
    priority: Annotated[
        int | None, typer.Option(min=1, max=10, help="10 before 1; else 5.")
    ] = None,
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
        with waiting("Asking for the mission"):
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
    with goes_on(f"sortie missions watch {job_id}"):
        if sys.stdout.isatty() and not as_json:
            with shown_live(job_id) as see:
                for seen in sortie.missions.watch(job_id):
                    see(seen)
        else:
            note(f"mission {job_id}")
            for seen in sortie.missions.watch(job_id):
                if as_json:
                    say_json(seen.raw, line=True)
                else:
                    say("\t".join(value for _, value in facts(seen)))
    mission = sortie.missions.get_job(job_id)
    if mission.status is not MissionStatus.COMPLETED:
        raise JobFailedError(mission.error or f"The mission is {mission.status}", mission)


def _group(sortie: Sortie) -> str:
    """Return the group that the configuration names, or the only one there is."""
    if named := configuration().get("SORTIE_DEVICE_GROUP"):
        return named
    groups = [each.device_group_id for each in sortie.missions.list_resources()]
    if len(groups) == 1:
        return groups[0]
    raise NotConfiguredError(f"Say which drones, with --group: {', '.join(groups) or 'none yet'}")
