"""`sortie ask`."""

import getpass
import platform
import sys
from typing import Annotated
from uuid import NAMESPACE_DNS, UUID, uuid5

import typer

from sortie_client.cli.jobs import follow
from sortie_client.cli.output import AsJson, waiting
from sortie_client.client import Sortie
from sortie_client.errors import NotConfiguredError


def ask(
    content: Annotated[str, typer.Argument(help="What to say; - reads the standard input.")],
    *,
    agent: Annotated[
        str | None, typer.Option(help="Its id or name; else the first available one.")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            envvar="SORTIE_USER_ID", help="Who asks, a UUID; else one made of your login's name."
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds that the agent may take: 1 to 300.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask an agent, and wait for its answer."""
    text = sys.stdin.read() if content == "-" else content
    with Sortie() as sortie:
        with waiting("Asking"):
            created = sortie.messaging.create_job(
                user or _me(),
                text,
                agent_id=_agent(sortie, agent) if agent else None,
                timeout_ms=None if timeout is None else round(timeout * 1000),
            )
        follow(sortie, created.job_id, as_json=as_json)


def _me() -> str:
    return str(uuid5(NAMESPACE_DNS, f"{getpass.getuser()}.{platform.node()}"))


def _agent(sortie: Sortie, named: str) -> str:
    try:
        return str(UUID(named))
    except ValueError:
        agents = sortie.messaging.list_agents()
    for agent in agents:
        if agent.name.casefold() == named.casefold():
            return agent.id
    raise NotConfiguredError(
        f"There is no agent {named}; there are {', '.join(agent.name for agent in agents)}"
    )
