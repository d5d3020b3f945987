"""`sortie admin agents`, and the like for other entries of the registry."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sortie_client.admin.models import Resource
from sortie_client.cli.admin.common import Tenant, Yes, confirm, require_tenant
from sortie_client.cli.options import parse_object
from sortie_client.cli.output import AsJson, print_json, print_note, print_table
from sortie_client.client import Sortie
from sortie_client.errors import NotConfiguredError

type Describe = Callable[[Mapping[str, Any]], object]

EntryId = Annotated[str, typer.Argument(metavar="ID", help="The entry's id.")]
File = Annotated[str, typer.Argument(metavar="[FILE]", help="A JSON file; - reads standard input.")]
ABOUT: Final[Mapping[Resource, tuple[str, Describe]]] = {
    "agents": ("PROVIDER", lambda entry: entry.get("provider")),
    "device-groups": ("DESCRIPTION", lambda entry: entry.get("description")),
    "devices": ("GROUP", lambda entry: entry.get("groupId")),
    "missions": ("WAYPOINTS", lambda entry: len(entry.get("waypoints", []))),
    "projects": ("REPOSITORY", lambda entry: entry.get("repository")),
    "webhooks": ("URL", lambda entry: entry.get("url")),
}
"""The most telling field of an entry, with its heading."""


def entries_app(resource: Resource, words: str) -> typer.Typer:
    """Return the commands for one kind of entry."""
    app = typer.Typer(help=f"List, show, put and delete {words}.", no_args_is_help=True)
    heading, describe = ABOUT[resource]

    @app.command("list", help=f"List {words}.")
    def list_entries(*, tenant: Tenant = None, as_json: AsJson = False) -> None:
        with Sortie() as sortie:
            entries = sortie.admin.list_entries(require_tenant(tenant), resource)
        if as_json:
            print_json([each.raw for each in entries])
            return
        rows = [(each.id, each.name or "-", str(describe(each.raw) or "-")) for each in entries]
        print_table(("ID", "NAME", heading), rows)

    @app.command(help="Print one as JSON, as `put` takes it.")
    def get(entry: EntryId, *, tenant: Tenant = None) -> None:
        _get(resource, tenant, entry)

    @app.command(help="Create one, or replace all of its fields, by a JSON object with its id.")
    def put(file: File = "-", *, tenant: Tenant = None) -> None:
        _put(resource, tenant, file)

    @app.command(help="Delete one.")
    def delete(entry: EntryId, *, tenant: Tenant = None, yes: Yes = False) -> None:
        _delete(resource, tenant, entry, yes=yes)

    return app


def limits_app() -> typer.Typer:
    """Return the commands for the one entry with a tenant's limits."""
    app = typer.Typer(
        help="Show, put and delete limits of a tenant, which replace those of the stack.",
        no_args_is_help=True,
    )

    @app.command(help="Print the tenant's limits as JSON, as `put` takes them.")
    def get(*, tenant: Tenant = None) -> None:
        _get("limits", tenant)

    @app.command(help="Replace all of the tenant's limits, by a JSON object.")
    def put(file: File = "-", *, tenant: Tenant = None) -> None:
        _put("limits", tenant, file)

    @app.command(help="Delete the tenant's limits: those of the stack count again.")
    def delete(*, tenant: Tenant = None, yes: Yes = False) -> None:
        _delete("limits", tenant, yes=yes)

    return app


def _get(resource: Resource, tenant: str | None, entry: str = "") -> None:
    with Sortie() as sortie:
        print_json(sortie.admin.get_entry(require_tenant(tenant), resource, entry).raw)


def _put(resource: Resource, tenant: str | None, file: str) -> None:
    owner, fields = require_tenant(tenant), _read(file)
    if resource != "limits" and not fields.get("id"):
        raise NotConfiguredError("The JSON object needs an id")
    with Sortie() as sortie:
        print_json(sortie.admin.put_entry(owner, resource, fields).raw)


def _delete(resource: Resource, tenant: str | None, entry: str = "", *, yes: bool) -> None:
    owner = require_tenant(tenant)
    confirm(f"Delete {f'{entry} from the ' if entry else 'the '}{resource} of {owner}?", yes=yes)
    with Sortie() as sortie:
        sortie.admin.delete_entry(owner, resource, entry)
    print_note(f"deleted {entry or resource}")


def _read(file: str) -> Mapping[str, Any]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        fields: Mapping[str, Any] = parse_object(text)
    except (OSError, json.JSONDecodeError) as error:
        raise NotConfiguredError(f"{file} cannot be read as JSON: {error}") from error
    return fields
