"""The commands of `sortie missions` that read, cancel and share."""

from typing import Annotated, Final, Literal

import typer
from rich.text import Text

from sortie_client.cli.missions import JobId, open_client
from sortie_client.cli.output import (
    AsJson,
    coloured,
    format_time,
    print_fields,
    print_json,
    print_note,
    print_result,
    print_table,
)
from sortie_client.missions.models import MissionStatus

app = typer.Typer()

_HOUR_S: Final = 3600


@app.command("list")
def list_missions(
    *,
    status: Annotated[
        MissionStatus | None, typer.Option(help="Only missions with this status.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Maximum number of missions.", min=1, max=100)] = 20,
    cursor: Annotated[
        str | None,
        typer.Option(help="Continue after a page: its nextCursor, with the same --status."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List your organisation's missions, newest first."""
    with open_client() as sortie:
        page = sortie.missions.list_jobs(limit=limit, status=status, cursor=cursor)
    if as_json:
        print_json(page.raw)
        return
    rows = [
        (it.job_id, coloured(it.status), format_time(it.created_at), it.name) for it in page.jobs
    ]
    print_table(("ID", "STATUS", "CREATED", "NAME"), rows)
    if page.next_cursor:
        print_note(f"There are more missions. To list them, add --cursor {page.next_cursor}")


@app.command()
def get(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Print a mission."""
    with open_client() as sortie:
        mission = sortie.missions.get_job(job_id)
    if as_json:
        print_json(mission.raw)
        return
    times = {
        "created": mission.created_at,
        "scheduled": mission.scheduled_at,
        "started": mission.started_at,
        "completed": mission.completed_at,
        "cancelled": mission.cancelled_at,
    }
    fields: list[tuple[str, str | Text | None]] = [
        ("id", mission.job_id),
        ("name", mission.name),
        ("status", coloured(mission.status)),
        ("plan", mission.mission_id),
        ("group", mission.device_group_id),
        ("drone", mission.device_id),
        ("priority", str(mission.priority)),
        *((name, format_time(at) if at else None) for name, at in times.items()),
        ("error", mission.error),
        ("class", mission.error_class),
    ]
    print_fields([(name, value) for name, value in fields if value is not None])


@app.command()
def cancel(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Cancel a mission that has not started."""
    with open_client() as sortie:
        sortie.missions.cancel_job(job_id)
        mission = sortie.missions.get_job(job_id)
    if as_json:
        print_json(mission.raw)
    else:
        print_result(f"{mission.job_id}: {mission.status}")


@app.command()
def drones(*, as_json: AsJson = False) -> None:
    """List your organisation's drones by device group."""
    with open_client() as sortie:
        groups = sortie.missions.list_resources()
    if as_json:
        print_json([each.raw for each in groups])
        return
    rows = [
        (group.device_group_id, drone.device_id, coloured(drone.status), drone.name)
        for group in groups
        for drone in group.devices
    ]
    print_table(("GROUP", "DRONE", "STATUS", "NAME"), rows)


@app.command()
def plans(*, as_json: AsJson = False) -> None:
    """List the missions that can be flown."""
    with open_client() as sortie:
        found = sortie.missions.list_plans()
    if as_json:
        print_json([each.raw for each in found])
        return
    rows = [(it.mission_id, str(len(it.waypoints)), it.name) for it in found]
    print_table(("ID", "WAYPOINTS", "NAME"), rows)


@app.command()
def share(
    resource_id: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a mission or of a device group.")
    ],
    *,
    hours: Annotated[float, typer.Option(help="How long the link works.", min=0.02)] = 1,
    viewers: Annotated[int | None, typer.Option(help="Maximum number of viewers.", min=1)] = None,
    kind: Annotated[
        Literal["mission", "group"], typer.Option("--of", help="What the id names.")
    ] = "mission",
    as_json: AsJson = False,
) -> None:
    """Create a link to a live map, for viewers without an account."""
    with open_client() as sortie:
        created = sortie.missions.create_share(
            resource_id,
            expires_in=round(hours * _HOUR_S),
            share_type="STREAM" if kind == "mission" else "DEVICE_STATUS",
            max_viewers=viewers,
        )
    if as_json:
        print_json(created.raw)
    else:
        print_result(created.share_url)
        print_note(f"until {format_time(created.expires_at)}, share code {created.share_code}")
