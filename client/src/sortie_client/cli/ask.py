"""`sortie ask`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any
from uuid import uuid4

import typer

from sortie_client._core.retry import RetryPolicy
from sortie_client.cli.errors import INTERRUPTED
from sortie_client.cli.jobs import print_reply
from sortie_client.cli.options import AgentName, Metadata, UserId, default_user, find_agent
from sortie_client.cli.output import AsJson, print_json, print_note, print_result, spinner
from sortie_client.cli.reply import print_parts
from sortie_client.client import Sortie
from sortie_client.errors import SortieError
from sortie_client.messaging.models import Job
from sortie_client.settings import Settings


def ask(
    content: Annotated[str, typer.Argument(help="The message; - reads standard input.")],
    *,
    agent: AgentName = None,
    user: UserId = None,
    timeout: Annotated[
        float | None, typer.Option(help="Timeout of the job in seconds, from 1 to 300.")
    ] = None,
    metadata: Metadata = None,
    wait: Annotated[
        bool, typer.Option(help="Wait for the reply, or print the job's id at once.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Send a message to an agent and print the reply, on a terminal while the agent says it."""
    text = sys.stdin.read() if content == "-" else content
    with Sortie() as sortie:
        message: dict[str, Any] = {
            "user_id": user or default_user(),
            "content": text,
            "agent_id": find_agent(sortie, agent) if agent else None,
            "metadata": metadata,
            "timeout_ms": None if timeout is None else round(timeout * 1000),
            "idempotency_key": str(uuid4()),
        }
        if not wait:
            created = sortie.messaging.create_job(**message)
            if as_json:
                print_json(created.raw)
            else:
                print_result(created.job_id)
            return
        if not as_json:
            with hint_at_interrupt(message):
                created = sortie.messaging.create_job(**message)
                print_parts(sortie.messaging.stream_job(created.job_id))
            return
        job: Job | None = None
        with hint_at_interrupt(message), spinner("Waiting for the agent") as set_status:
            for job in sortie.messaging.create_and_watch_job(**message):
                set_status(job.status)
        if job:
            print_reply(job, as_json=as_json)


@contextmanager
def hint_at_interrupt(message: dict[str, Any]) -> Iterator[None]:
    """On Ctrl-C, say that the job continues and which command follows it.

    A request that waits tells the job's id at its end. The same create again returns the same job.
    """
    try:
        yield
    except KeyboardInterrupt:
        once = replace(Settings.find(), retry_policy=RetryPolicy(max_attempts=1), timeout=5)
        try:
            with Sortie(once) as sortie:
                job_id = sortie.messaging.create_job(**message).job_id
        except SortieError:
            print_note("The server may have the message. To look for it: sortie jobs list")
        else:
            print_note(f"The job continues. To follow it: sortie jobs watch {job_id}")
        raise typer.Exit(INTERRUPTED) from None
