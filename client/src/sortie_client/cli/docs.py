"""`sortie docs`: documentation agents."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Final, Literal

import typer

from sortie_client.cli.output import AsJson, complain, goes_on, note, say, say_json, waiting
from sortie_client.client import Sortie
from sortie_client.docs import DocsEvent
from sortie_client.errors import JobFailedError

app = typer.Typer(help="Documentation agents.", no_args_is_help=True)

Project = Annotated[
    str | None, typer.Option(envvar="SORTIE_PROJECT", help="The project to write for.")
]

_TOLD: Final = 60
_MARKS: Final = {"completed": "✓", "in_progress": "▸", "cancelled": "✗"}


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
    model: Annotated[Literal["sonnet", "opus"] | None, typer.Option(help="Else sonnet.")] = None,
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
    with waiting("Waiting for the agent"):
        opened = next(events)
    transcript = Transcript()
    with goes_on(f"sortie docs watch {opened.job_id}"):
        for event in chain([opened], events):
            if as_json:
                say_json({"id": event.id, **(event.data or _opening(event))}, line=True)
            else:
                transcript.show(event)
    session = sortie.docs.get_session(opened.job_id, project=project)
    if session.halt_reason != "completed":
        raise JobFailedError(session.message_to_user or session.halt_reason, session)
    if not as_json:
        note(f"branch {session.branch} {session.pull_request_link}".rstrip())


class Transcript:
    """The agent's words go to the standard output, its deeds, on lines of their own, to the other.

    What it has failed of is told by the job, at the end.
    """

    def __init__(self) -> None:
        self._within_a_line = False

    def show(self, event: DocsEvent) -> None:
        data = event.data
        if event.type == "text-delta":
            words = str(data.get("delta", ""))
            say(words, end="")
            self._within_a_line = not words.endswith("\n")
            return
        if self._within_a_line:
            say("")
            self._within_a_line = False
        match event.type:
            case "opened":
                note(f"job {event.job_id} on branch {event.branch}")
            case "tool-input-available":
                note(f"→ {data.get('toolName')} {_brief(data.get('input'))}".rstrip())
            case "tool-output-error":
                complain(f"✗ {data.get('errorText')}")
            case "data-commit":
                note(f"commit {data.get('data', {}).get('id')}")


def _opening(event: DocsEvent) -> dict[str, str]:
    return {"type": event.type, "jobId": event.job_id, "branch": event.branch}


def _brief(arguments: object) -> str:
    """What tells most of a tool's arguments: the first that is a text, mostly a path; or a list."""
    given = arguments.values() if isinstance(arguments, dict) else ()
    for each in given:
        if isinstance(each, str):
            text = " ".join(each.split())
            return text if len(text) <= _TOLD else f"{text[:_TOLD]}…"
        if isinstance(each, list):
            return "".join(f"\n  {_item(it)}" for it in each)
    return ""


def _item(it: object) -> str:
    """One thing to do, or whatever else is in a list."""
    if not isinstance(it, dict) or "content" not in it:
        return str(it)
    return f"{_MARKS.get(str(it.get('status')), '·')} {it['content']}"
