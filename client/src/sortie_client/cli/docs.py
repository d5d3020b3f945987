"""`sortie docs`."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Final, Literal

import typer

from sortie_client.cli.output import (
    AsJson,
    interruptible,
    print_error,
    print_json,
    print_note,
    print_result,
    spinner,
)
from sortie_client.client import Sortie
from sortie_client.docs.models import DocsEvent
from sortie_client.errors import JobFailedError

app = typer.Typer(help="Run documentation agents.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option(envvar="SORTIE_PROJECT", help="The project's id.")]

_MAX_ARGUMENT: Final = 60
_TODO_MARKS: Final = {"completed": "✓", "in_progress": "▸", "cancelled": "✗"}


@app.command()
def run(
    prompt: Annotated[str, typer.Argument(help="The agent's task; - reads standard input.")],
    *,
    project: Project = None,
    branch: Annotated[
        str | None, typer.Option(help="The branch to write on. Default: a new branch.")
    ] = None,
    model: Annotated[
        Literal["sonnet", "opus"] | None, typer.Option(help="Default: sonnet.")
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Open the pull request as a draft.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start a documentation agent and print its output as it works."""
    text = sys.stdin.read() if prompt == "-" else prompt
    with Sortie() as sortie:
        events = sortie.docs.run(
            text, branch=branch, model=model, as_draft=draft or None, project=project
        )
        follow(sortie, events, project, as_json=as_json)


@app.command()
def watch(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    *,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Print an agent's output from the start until the job has ended."""
    with Sortie() as sortie:
        events = sortie.docs.follow(job_id, project=project)
        follow(sortie, events, project, as_json=as_json)


def follow(
    sortie: Sortie, events: Iterator[DocsEvent], project: str | None, *, as_json: bool
) -> None:
    """Print events as they arrive, then the branch. Raises `JobFailedError`."""
    with spinner("Waiting for the agent"):
        opened = next(events)
    transcript = Transcript()
    with interruptible(f"sortie docs watch {opened.job_id}"):
        for event in chain([opened], events):
            if as_json:
                print_json({"id": event.id, **(event.data or _opened_data(event))}, line=True)
            else:
                transcript.print(event)
    job = sortie.docs.get_job_details(opened.job_id, project=project)
    if job.halt_reason != "completed":
        raise JobFailedError(job.message_to_user or job.halt_reason, job)
    if not as_json:
        print_note(f"branch {job.branch} {job.pull_request_link}".rstrip())


class Transcript:
    """Prints the agent's text to standard output, and its tool calls to standard error.

    The job itself reports the agent's failure at the end.
    """

    def __init__(self) -> None:
        self._is_line_open = False

    def print(self, event: DocsEvent) -> None:
        data = event.data
        if event.type == "text-delta":
            text = str(data.get("delta", ""))
            print_result(text, end="")
            self._is_line_open = not text.endswith("\n")
            return
        if self._is_line_open:
            print_result("")
            self._is_line_open = False
        match event.type:
            case "opened":
                print_note(f"job {event.job_id} on branch {event.branch}")
            case "tool-input-available":
                tool, argument = data.get("toolName"), _summarise(data.get("input"))
                print_note(f"→ {tool} {argument}".rstrip())
            case "tool-output-error":
                print_error(f"✗ {data.get('errorText')}")
            case "data-commit":
                print_note(f"commit {data.get('data', {}).get('id')}")


def _opened_data(event: DocsEvent) -> dict[str, str]:
    return {"type": event.type, "jobId": event.job_id, "branch": event.branch}


def _summarise(arguments: object) -> str:
    """Return a tool's first text argument, usually a path, or its first list."""
    values = arguments.values() if isinstance(arguments, dict) else ()
    for value in values:
        if isinstance(value, str):
            text = " ".join(value.split())
            return text if len(text) <= _MAX_ARGUMENT else f"{text[:_MAX_ARGUMENT]}…"
        if isinstance(value, list):
            return "".join(f"\n  {_format_item(it)}" for it in value)
    return ""


def _format_item(item: object) -> str:
    """Format a todo, or any other list element."""
    if not isinstance(item, dict) or "content" not in item:
        return str(item)
    return f"{_TODO_MARKS.get(str(item.get('status')), '·')} {item['content']}"
