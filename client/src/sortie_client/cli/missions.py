"""`sortie missions`."""

import sys
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from sortie_client.cli.options import Metadata, parse_time
from sortie_client.cli.output import (
    AsJson,
    interruptible,
    print_json,
    print_note,
    print_result,
    spinner,
)
from sortie_client.cli.tracking import fields, live_panel
from sortie_client.client import Sortie
from sortie_client.errors import JobFailedError, NotConfiguredError
from sortie_client.missions.models import MissionStatus
from sortie_client.missions.token_file import default_path
from sortie_client.settings import MISSIONS_VARIABLES, Settings, find_variables

app = typer.Typer(help="Fly missions of docked drones, and track them.", no_args_is_help=True)


JobId = Annotated[
    str, typer.Argument(metavar="ID", help="The job's id, as `sortie missions list` prints it.")
]


def open_client() -> Sortie:
    """Raises `NotConfiguredError`, which names the variables that are missing."""
    settings, variables = Settings.find(), find_variables()
    if missing := [name for name in MISSIONS_VARIABLES if name not in variables]:
        raise NotConfiguredError(
            f"Credentials for missions are missing. Set {', '.join(missing)}, or use `sortie login`"
        )
    return Sortie(replace(settings, token_file=default_path()))


@app.command()
def fly(
    mission: Annotated[str | None, typer.Argument(help="The id of the mission's plan.")] = None,
    *,
    group: Annotated[
        str | None,
        typer.Option(
            envvar="SORTIE_DEVICE_GROUP",
            help="The id of the device group. Default: the only one that exists.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The mission's name. Default: the plan's id.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="The drone's id. Default: any drone of the group.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option(min=1, max=10, help="10 is highest. Default: 5.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            parser=parse_time,
            help="Start time in ISO 8601; local time without a UTC offset. Default: now.",
        ),
    ] = None,
    metadata: Metadata = None,
    watch: Annotated[bool, typer.Option(help="Track the mission live.")] = True,
    as_json: AsJson = False,
) -> None:
    """Request a mission and track it live."""
    with open_client() as sortie:
        with spinner("Requesting the mission"):
            created = sortie.missions.create_job(
                name or mission or "Mission",
                group or _default_group(sortie),
                mission_id=mission,
                device_id=device,
                priority=priority,
                scheduled_at=at,
                metadata=metadata,
            )
        if watch:
            follow(sortie, created.job_id, as_json=as_json)
        elif as_json:
            print_json(created.raw)
        else:
            print_result(created.job_id)


@app.command("watch")
def watch_mission(
    job_id: JobId,
    *,
    as_json: AsJson = False,
) -> None:
    """Track a mission live until it has ended."""
    with open_client() as sortie:
        follow(sortie, job_id, as_json=as_json)


def follow(sortie: Sortie, job_id: str, *, as_json: bool) -> None:
    """Show tracking updates until the mission has ended. Raises `JobFailedError`."""
    with interruptible(f"sortie missions watch {job_id}"):
        if sys.stdout.isatty() and not as_json:
            with live_panel(job_id) as show:
                for update in sortie.missions.watch(job_id):
                    show(update)
        else:
            print_note(f"mission {job_id}")
            for update in sortie.missions.watch(job_id):
                if as_json:
                    print_json(update.raw, line=True)
                else:
                    print_result("\t".join(value for _, value in fields(update)))
    mission = sortie.missions.get_job(job_id)
    if mission.status is not MissionStatus.COMPLETED:
        text = mission.error or f"The mission ended with status {mission.status}"
        raise JobFailedError(text, mission)


def _default_group(sortie: Sortie) -> str:
    """Return the configured device group, or the only one that exists."""
    if configured := find_variables().get("SORTIE_DEVICE_GROUP"):
        return configured
    groups = [each.device_group_id for each in sortie.missions.list_resources()]
    if len(groups) == 1:
        return groups[0]
    raise NotConfiguredError(
        f"Choose a device group with --group: {', '.join(groups)}"
        if groups
        else "There is no device group. Register one with `make registry`"
    )
