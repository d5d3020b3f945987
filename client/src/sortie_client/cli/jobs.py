"""`sortie jobs` and `sortie health`."""

from typing import Annotated

import typer
from rich.text import Text

from sortie_client.cli.output import (
    AsJson,
    coloured,
    format_time,
    interruptible,
    print_fields,
    print_json,
    print_note,
    print_result,
    print_table,
    spinner,
)
from sortie_client.client import Sortie
from sortie_client.errors import JobFailedError
from sortie_client.messaging.models import Job, JobStatus

app = typer.Typer(help="List, read, watch and cancel messages to agents.", no_args_is_help=True)

JobId = Annotated[
    str, typer.Argument(metavar="ID", help="The job's id, as `sortie jobs list` prints it.")
]


@app.command("list")
def list_jobs(
    *,
    status: Annotated[JobStatus | None, typer.Option(help="Only jobs with this status.")] = None,
    limit: Annotated[int, typer.Option(help="Maximum number of jobs.", min=1, max=1000)] = 20,
    cursor: Annotated[
        str | None,
        typer.Option(help="Continue after a page: its nextCursor, with the same --status."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List your jobs, newest first."""
    with Sortie() as sortie:
        page = sortie.messaging.list_jobs(limit=limit, status=status, cursor=cursor)
    if as_json:
        print_json(page.raw)
        return
    rows = [
        (it.job_id, coloured(it.status), format_time(it.created_at), it.prompt) for it in page.jobs
    ]
    print_table(("ID", "STATUS", "CREATED", "PROMPT"), rows)
    if page.next_cursor:
        print_note(f"There are more jobs. To list them, add --cursor {page.next_cursor}")


@app.command()
def get(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Print a job and its reply."""
    with Sortie() as sortie:
        job = sortie.messaging.get_job(job_id)
    if as_json:
        print_json(job.raw)
        return
    fields: list[tuple[str, str | Text | None]] = [
        ("id", job.job_id),
        ("status", coloured(job.status)),
        ("agent", job.agent_id),
        ("created", format_time(job.created_at)),
        ("expires", format_time(job.expires_at)),
        ("prompt", job.prompt),
        ("reply", job.result.message.content if job.result else None),
        ("error", job.error),
        ("class", job.error_class),
    ]
    print_fields([(name, value) for name, value in fields if value is not None])


@app.command()
def cancel(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Cancel a job that has not ended."""
    with Sortie() as sortie:
        job = sortie.messaging.cancel_job(job_id)
    if as_json:
        print_json(job.raw)
    else:
        print_result(f"{job.job_id}: {job.error or job.status}")


@app.command()
def watch(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Wait for a job and print its reply."""
    with Sortie() as sortie:
        follow(sortie, job_id, as_json=as_json)


def health(*, as_json: AsJson = False) -> None:
    """Print the number of your jobs by status, and their success rate."""
    with Sortie() as sortie:
        found = sortie.messaging.get_jobs_health()
    if as_json:
        print_json(found.raw)
        return
    counts, metrics = found.status_counts, found.metrics
    print_fields([
        ("healthy", "yes" if found.healthy else "no"),
        ("jobs", str(found.total_jobs)),
        *((status, str(getattr(counts, status))) for status in JobStatus),
        ("average", f"{metrics.average_processing_time_ms:.0f} ms"),
        ("succeeded", f"{metrics.success_rate:.0%}"),
    ])  # fmt: skip


def follow(sortie: Sortie, job_id: str, *, as_json: bool) -> None:
    """Wait for a job and print its reply. Raises `JobFailedError`."""
    job: Job | None = None
    with (
        interruptible(f"sortie jobs watch {job_id}"),
        spinner("Waiting for the agent") as set_status,
    ):
        for job in sortie.messaging.watch_job(job_id, interval=0.3):
            set_status(job.status)
    if job:
        print_reply(job, as_json=as_json)


def print_reply(job: Job, *, as_json: bool) -> None:
    """Print an ended job's reply. Raises `JobFailedError`."""
    if as_json:
        print_json(job.raw)
    elif job.result:
        print_result(job.result.message.content)
    if job.status is not JobStatus.COMPLETED:
        raise JobFailedError(job.error or f"The job ended with status {job.status}", job)
