"""`sortie ask`."""

import getpass
import platform
import sys
from typing import Annotated
from uuid import NAMESPACE_DNS, UUID, uuid5

import typer

from sortie_client.cli.jobs import follow
from sortie_client.cli.output import AsJson, spinner
from sortie_client.client import Sortie
from sortie_client.errors import NotConfiguredError


def ask(
    content: Annotated[str, typer.Argument(help="The message; - reads standard input.")],
    *,
    agent: Annotated[
        str | None,
        typer.Option(help="The agent's id or name. Default: the first available agent."),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            envvar="SORTIE_USER_ID",
            help="The user's id, a UUID. Default: derived from your login name and host name.",
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Timeout of the job in seconds, from 1 to 300.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a message to an agent and print the reply."""
    text = sys.stdin.read() if content == "-" else content
    with Sortie() as sortie:
        with spinner("Sending the message"):
            created = sortie.messaging.create_job(
                user or _default_user(),
                text,
                agent_id=_find_agent(sortie, agent) if agent else None,
                timeout_ms=None if timeout is None else round(timeout * 1000),
            )
        follow(sortie, created.job_id, as_json=as_json)


def _default_user() -> str:
    return str(uuid5(NAMESPACE_DNS, f"{getpass.getuser()}.{platform.node()}"))


def _find_agent(sortie: Sortie, id_or_name: str) -> str:
    try:
        return str(UUID(id_or_name))
    except ValueError:
        agents = sortie.messaging.list_agents()
    for agent in agents:
        if agent.name.casefold() == id_or_name.casefold():
            return agent.id
    names = ", ".join(agent.name for agent in agents)
    raise NotConfiguredError(f"There is no agent {id_or_name}. Choose one of: {names}")
