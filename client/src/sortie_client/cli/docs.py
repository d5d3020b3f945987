"""`sortie docs`: documentation agents."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Final, Literal

import typer

from sortie_client.cli.output import AsJson, goes_on, note, say, say_json
from sortie_client.client import Sortie
from sortie_client.docs import DocsEvent
from sortie_client.errors import JobFailedError

app = typer.Typer(help="Documentation agents.", no_args_is_help=True)

Project = Annotated[
    str | None, typer.Option(envvar="SORTIE_PROJECT", help="The project to write for.")
]

_TOLD: Final = 60


@app.command()
def run(
    prompt: Annotated[
        str, typer.Argument(help="What is to be written; - reads the standard input.")
    ],
    *,
    project: Project = None,
    branch: Annotated[
        str | None, typer.Option(help="The branch to write on; else the agent makes one.")
    ] = None,
    model: Annotated[Literal["sonnet", "opus"] | None, typer.Option()] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Ask for a draft of a pull request.")] = (
        False
    ),
    as_json: AsJson = False,
) -> None:
    """Have an agent write, and read along."""
    text = sys.stdin.read() if prompt == "-" else prompt
    with Sortie() as sortie:
        events = sortie.docs.run(
            text, branch=branch, model=model, as_draft=draft or None, project=project
        )
        read_along(sortie, events, project, as_json=as_json)


@app.command()
def watch(
    job_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Read all that an agent has done so far, and along to its end."""
    with Sortie() as sortie:
        events = sortie.docs.follow(job_id, project=project)
        read_along(sortie, events, project, as_json=as_json)


def read_along(
    sortie: Sortie, events: Iterator[DocsEvent], project: str | None, *, as_json: bool
) -> None:
    """Show events as they come, then where the work is. Raises `JobFailedError`."""
    opened = next(events)
    with goes_on(f"sortie docs watch {opened.job_id}"):
        for event in chain([opened], events):
            if as_json:
                say_json({"id": event.id, **(event.data or _opening(event))}, line=True)
            else:
                show(event)
    session = sortie.docs.get_session(opened.job_id, project=project)
    if session.halt_reason != "completed":
        raise JobFailedError(session.message_to_user or session.halt_reason, session)
    if not as_json:
        note(f"branch {session.branch} {session.pull_request_link}".rstrip())


def show(event: DocsEvent) -> None:
    """The agent's words go to the standard output, its deeds to the standard error."""
    data = event.data
    match event.type:
        case "opened":
            note(f"job {event.job_id} on branch {event.branch}")
        case "text-delta":
            say(str(data.get("delta", "")), end="")
        case "tool-input-available":
            note(f"→ {data.get('toolName')} {_brief(data.get('input'))}")
        case "tool-output-error" | "error":
            note(f"✗ {data.get('errorText')}")
        case "data-commit":
            note(f"commit {data.get('data', {}).get('id')}")


def _opening(event: DocsEvent) -> dict[str, str]:
    return {"type": event.type, "jobId": event.job_id, "branch": event.branch}


def _brief(arguments: object) -> str:
    """A tool's first argument, cut: the path, mostly."""
    first = next(iter(arguments.values()), "") if isinstance(arguments, dict) else arguments
    text = " ".join(str(first).split())
    return text if len(text) <= _TOLD else f"{text[:_TOLD]}…"
