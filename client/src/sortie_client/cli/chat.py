"""`sortie chat`: a session with an agent."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from sortie_client.cli.errors import JOB_FAILED
from sortie_client.cli.options import AgentName, UserId, default_user, find_agent
from sortie_client.cli.output import print_error, print_note, print_result
from sortie_client.cli.reply import print_parts
from sortie_client.client import Sortie
from sortie_client.errors import JobFailedError, NotConfiguredError


def chat(
    session: Annotated[str | None, typer.Argument(help="Continue this session.")] = None,
    *,
    agent: AgentName = None,
    user: UserId = None,
) -> None:
    """Hold a conversation: each line is a message, and the agent receives the earlier ones.

    Ctrl-D ends it. Outside a terminal, the lines of standard input are the messages.
    """
    with Sortie() as sortie:
        if session is None:
            chosen = find_agent(sortie, agent) if agent else _first_agent(sortie)
            session = sortie.sessions.create_session(user or default_user(), chosen).session_id
        print_note(f"session {session}. Ctrl-D ends, `sortie chat {session}` continues it")
        replies = [_send(sortie, session, line) for line in _read_lines()]
    if not all(replies) and not sys.stdin.isatty():
        raise typer.Exit(JOB_FAILED)


def _send(sortie: Sortie, session: str, message: str) -> bool:
    """Print the reply as it arrives; return whether there is one."""
    try:
        print_parts(sortie.sessions.stream_message(session, message))
    except JobFailedError as error:
        print_error(str(error))
        return False
    return True


def _read_lines() -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from filter(None, (line.strip() for line in sys.stdin))
        return
    while True:
        try:
            line = input("> ").strip()
        except EOFError:
            print_result("")
            return
        if line:
            yield line


def _first_agent(sortie: Sortie) -> str:
    for agent in sortie.messaging.list_agents():
        return agent.id
    raise NotConfiguredError("There is no agent. Register one with `make registry`")
