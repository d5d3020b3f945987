"""Options and arguments that several commands share."""

import getpass
import json
import platform
from datetime import datetime
from typing import Annotated, Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import typer

from sortie_client.client import Sortie
from sortie_client.errors import NotConfiguredError


def parse_time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.astimezone()


def parse_object(text: str) -> Any:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise typer.BadParameter("Pass a JSON object")
    return value


AgentName = Annotated[
    str | None,
    typer.Option("--agent", help="The agent's id or name. Default: the first available agent."),
]
UserId = Annotated[
    str | None,
    typer.Option(
        "--user",
        envvar="SORTIE_USER_ID",
        help="The user's id, a UUID. Default: derived from your login name and host name.",
    ),
]
Metadata = Annotated[
    Any, typer.Option(metavar="JSON", parser=parse_object, help="Metadata, a JSON object.")
]


def default_user() -> str:
    return str(uuid5(NAMESPACE_DNS, f"{getpass.getuser()}.{platform.node()}"))


def find_agent(sortie: Sortie, id_or_name: str) -> str:
    """Return the id of an agent. Raises `NotConfiguredError`."""
    try:
        return str(UUID(id_or_name))
    except ValueError:
        agents = sortie.messaging.list_agents()
    for agent in agents:
        if agent.name.casefold() == id_or_name.casefold():
            return agent.id
    names = ", ".join(agent.name for agent in agents)
    raise NotConfiguredError(f"There is no agent {id_or_name}. Choose one of: {names}")
