"""`sortie docs`."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Final, Literal

import typer
from rich.text import Text

from sortie_client.cli.output import (
    AsJson,
    coloured,
    format_time,
    interruptible,
    print_error,
    print_fields,
    print_json,
    print_note,
    print_result,
    print_table,
    spinner,
)
from sortie_client.client import Sortie
from sortie_client.docs.models import DocsEvent, DocsJobDetails, Usage
from sortie_client.errors import JobFailedError

app = typer.Typer(help="Run documentation agents.", no_args_is_help=True)

JobId = Annotated[
    str, typer.Argument(metavar="ID", help="The job's id, as `sortie docs list` prints it.")
]
Project = Annotated[str | None, typer.Option(envvar="SORTIE_PROJECT", help="The project's id.")]

_MAX_ARGUMENT: Final = 60
_FINISH: Final = "finish"  # this tool's message is printed whole at the end
_UNCHANGED: Final = "No file was changed."  # the server's last words, not the agent's
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
    job_id: JobId,
    *,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Print an agent's output from the start until the job has ended."""
    with Sortie() as sortie:
        events = sortie.docs.follow(job_id, project=project)
        follow(sortie, events, project, as_json=as_json)


@app.command()
def reply(
    job_id: JobId,
    prompt: Annotated[str, typer.Argument(help="The follow-up; - reads standard input.")],
    *,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Send a follow-up to an agent and print its message once it has worked on the same branch."""
    text = sys.stdin.read() if prompt == "-" else prompt
    with Sortie() as sortie:
        sortie.docs.message_job(job_id, text, project=project)
        with interruptible(f"sortie docs show {job_id}"), spinner("Waiting for the agent"):
            sortie.docs.poll_job(job_id, project=project)
        job = sortie.docs.get_job_details(job_id, project=project)
    if as_json:
        print_json(job.raw)
    else:
        print_result(job.message_to_user)
        print_branch(job)


@app.command()
def cancel(job_id: JobId, *, project: Project = None, as_json: AsJson = False) -> None:
    """Cancel a job and its follow-ups that wait. The agent pushes nothing more."""
    with Sortie() as sortie:
        job = sortie.docs.cancel_job(job_id, project=project)
    if as_json:
        print_json(job.raw)
    else:
        print_result(f"{job.id}: {job.error or job.status}")


@app.command("list")
def list_jobs(
    *,
    project: Project = None,
    limit: Annotated[int, typer.Option(help="Maximum number of jobs.", min=1, max=100)] = 20,
    skip: Annotated[int, typer.Option(help="Leave out the newest jobs.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List a project's jobs, newest first."""
    with Sortie() as sortie:
        jobs = sortie.docs.list_jobs(take=limit, skip=skip, project=project)
    if as_json:
        print_json([each.raw for each in jobs])
        return
    rows = [
        (it.session_id, coloured(it.halt_reason), format_time(it.created_at), it.branch, it.title)
        for it in jobs
    ]
    print_table(("ID", "STATUS", "CREATED", "BRANCH", "TITLE"), rows)


@app.command()
def show(job_id: JobId, *, project: Project = None, as_json: AsJson = False) -> None:
    """Print a job: its branch, its todos and the agent's message."""
    with Sortie() as sortie:
        job = sortie.docs.get_job_details(job_id, project=project)
    if as_json:
        print_json(job.raw)
        return
    fields: list[tuple[str, str | Text]] = [
        ("id", job.session_id),
        ("status", coloured(job.halt_reason)),
        ("title", job.title),
        ("created", format_time(job.created_at)),
        ("branch", job.branch),
        ("pull request", job.pull_request_link),
        *(("todo", f"{_TODO_MARKS.get(it.status, '·')} {it.content}") for it in job.todos),
        ("tokens", _format_usage(job.usage)),
        ("message", job.message_to_user),
        ("class", job.error_class or ""),
    ]
    print_fields([(name, value) for name, value in fields if value])


def _format_usage(usage: Usage | None) -> str:
    if usage and (usage.input_tokens or usage.output_tokens):
        return f"{usage.input_tokens} in, {usage.output_tokens} out"
    return ""


def follow(
    sortie: Sortie, events: Iterator[DocsEvent], project: str | None, *, as_json: bool
) -> None:
    """Print events as they arrive, then the agent's message and branch. Raises `JobFailedError`."""
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
        transcript.end(job.message_to_user)
        print_branch(job)


def print_branch(job: DocsJobDetails) -> None:
    if job.branch:
        print_note(f"branch {job.branch} {job.pull_request_link}".rstrip())


class Transcript:
    """Prints the agent's text to standard output, and its tool calls to standard error.

    The job itself reports the agent's failure at the end.
    """

    def __init__(self) -> None:
        self._text = ""

    def print(self, event: DocsEvent) -> None:
        data = event.data
        if event.type == "text-delta":
            text = str(data.get("delta", ""))
            print_result(text, end="")
            self._text += text
            return
        self._end_line()
        match event.type:
            case "opened":
                print_note(f"job {event.job_id} on branch {event.branch}")
            case "tool-input-available" if data.get("toolName") != _FINISH:
                tool, argument = data.get("toolName"), _summarise(data.get("input"))
                print_note(f"→ {tool} {argument}".rstrip())
            case "tool-output-error":
                print_error(f"✗ {data.get('errorText')}")
            case "data-notes":
                for file in data.get("data", {}).get("files", []):
                    problem = file.get("problem")
                    print_note(f"not read: {problem}" if problem else f"notes {file.get('path')}")
            case "data-commit":
                print_note(f"commit {data.get('data', {}).get('id')}")

    def end(self, message: str) -> None:
        """Print the agent's message to the user, unless its text had it."""
        self._end_line()
        own = message.removesuffix(_UNCHANGED).strip()
        if own not in self._text:
            print_result(own)
        if message.endswith(_UNCHANGED):
            print_note(_UNCHANGED)

    def _end_line(self) -> None:
        if self._text and not self._text.endswith("\n"):
            print_result("")
            self._text += "\n"


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
