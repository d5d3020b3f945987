"""`sortie jobs` and `sortie health`."""

from typing import Annotated

import typer
from rich.text import Text

from sortie_client.cli.output import (
    AsJson,
    details,
    goes_on,
    moment,
    say,
    say_json,
    status,
    table,
    waiting,
)
from sortie_client.client import Sortie
from sortie_client.errors import JobFailedError
from sortie_client.messaging_models import Job, JobStatus

app = typer.Typer(help="Messages to agents.", no_args_is_help=True)

JobId = Annotated[
    str, typer.Argument(metavar="ID", help="The job's, as `sortie jobs list` has it.")
]


@app.command("list")
def list_jobs(
    *,
    status_: Annotated[
        JobStatus | None, typer.Option("--status", help="Only those of this status.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List your jobs, newest first."""
    with Sortie() as sortie:
        page = sortie.messaging.list_jobs(limit=limit, status=status_)
    if as_json:
        say_json(page.raw)
        return
    rows = [(it.job_id, status(it.status), moment(it.created_at), it.prompt) for it in page.jobs]
    table(("ID", "STATUS", "CREATED", "PROMPT"), rows)


@app.command()
def get(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Show a job, and its answer."""
    with Sortie() as sortie:
        job = sortie.messaging.get_job(job_id)
    if as_json:
        say_json(job.raw)
        return
    shown: list[tuple[str, str | Text | None]] = [
        ("id", job.job_id),
        ("status", status(job.status)),
        ("agent", job.agent_id),
        ("created", moment(job.created_at)),
        ("expires", moment(job.expires_at)),
        ("prompt", job.prompt),
        ("answer", job.result.message.content if job.result else None),
        ("error", job.error),
    ]
    details([(name, value) for name, value in shown if value is not None])


@app.command()
def cancel(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Stop a job that is not over yet."""
    with Sortie() as sortie:
        job = sortie.messaging.cancel_job(job_id)
    if as_json:
        say_json(job.raw)
    else:
        say(f"{job.job_id}: {job.error or job.status}")


@app.command()
def watch(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Wait for a job, and show its answer."""
    with Sortie() as sortie:
        follow(sortie, job_id, as_json=as_json)


def health(*, as_json: AsJson = False) -> None:
    """Show how many jobs you have, and how they fare."""
    with Sortie() as sortie:
        found = sortie.messaging.get_jobs_health()
    if as_json:
        say_json(found.raw)
        return
    counts, metrics = found.status_counts, found.metrics
    rows = [
        ("healthy", "yes" if found.healthy else "no"),
        ("jobs", str(found.total_jobs)),
        *((word, str(getattr(counts, word))) for word in JobStatus),
        ("average", f"{metrics.average_processing_time_ms:.0f} ms"),
        ("succeeded", f"{metrics.success_rate:.0%}"),
    ]
    details(rows)


def follow(sortie: Sortie, job_id: str, *, as_json: bool) -> None:
    """Wait for a job and print its answer. Raises `JobFailedError`."""
    job: Job | None = None
    with goes_on(f"sortie jobs watch {job_id}"), waiting("Waiting for the agent") as tell:
        for job in sortie.messaging.watch_job(job_id, interval=0.3):
            tell(job.status)
    if job is None:
        return
    if as_json:
        say_json(job.raw)
    elif job.result:
        say(job.result.message.content)
    if job.status is not JobStatus.COMPLETED:
        raise JobFailedError(job.error or f"The job has ended as {job.status}", job)
