"""`sortie admin keys`."""

from enum import StrEnum
from typing import Annotated, Literal

import typer

from sortie_client.cli.admin.common import (
    Tenant,
    Yes,
    confirm,
    require_tenant,
    show_secret,
    time_or_dash,
)
from sortie_client.cli.output import AsJson, print_json, print_note, print_table
from sortie_client.client import Sortie

app = typer.Typer(help="Create, list, rotate and revoke API keys.", no_args_is_help=True)

Operators = Annotated[
    bool, typer.Option("--operators", help="Keys of the admin API, in place of a tenant's.")
]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id.")]


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"


def _owner(tenant: str | None, *, operators: bool) -> str | None:
    if operators and tenant:
        raise typer.BadParameter("Pass --tenant or --operators, not both")
    return None if operators else require_tenant(tenant)


@app.command("list")
def list_keys(
    *, tenant: Tenant = None, operators: Operators = False, as_json: AsJson = False
) -> None:
    """List keys, without their secrets."""
    with Sortie() as sortie:
        keys = sortie.admin.list_keys(_owner(tenant, operators=operators))
    if as_json:
        print_json([each.raw for each in keys])
        return
    print_table(
        ("ID", "API", "SCOPES", "CREATED", "LAST USED", "EXPIRES", "NAME"),
        [
            (
                each.id,
                each.api,
                " ".join(each.scopes) or "-",
                time_or_dash(each.created_at),
                time_or_dash(each.last_used_at),
                time_or_dash(each.expires_at),
                f"{each.name} (replaced by {each.replaced_by})" if each.replaced_by else each.name,
            )
            for each in keys
        ],
    )


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    tenant: Tenant = None,
    operators: Operators = False,
    api: Annotated[
        Literal["messaging", "docs", "workers"], typer.Option(help="The API that the key opens.")
    ] = "messaging",
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="A scope of a docs key; repeatable. Default: both."),
    ] = None,
    agent: Annotated[
        list[str] | None,
        typer.Option(help="An agent of a workers' key; repeatable. Default: all agents."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days after which the key expires. Default: never.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a key, and print its secret for the only time."""
    owner = _owner(tenant, operators=operators)
    scopes = (scope or [*Scope]) if api == "docs" else None
    agents = (agent or "*") if api == "workers" else None
    with Sortie() as sortie:
        key = sortie.admin.create_key(
            owner, name, api=api, scopes=scopes, agents=agents, expires_in_days=days
        )
    show_secret(key, as_json=as_json)


@app.command()
def rotate(
    key_id: KeyId,
    *,
    tenant: Tenant = None,
    operators: Operators = False,
    overlap: Annotated[
        int | None,
        typer.Option(min=0, help="Seconds for which the old key still works. Default: a day."),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Replace a key by a new one, and print the new secret for the only time."""
    owner = _owner(tenant, operators=operators)
    confirm(f"Replace the key {key_id}?", yes=yes)
    with Sortie() as sortie:
        key = sortie.admin.rotate_key(owner, key_id, overlap_seconds=overlap)
    show_secret(key, as_json=as_json)


@app.command()
def revoke(
    key_id: KeyId, *, tenant: Tenant = None, operators: Operators = False, yes: Yes = False
) -> None:
    """Revoke a key, within a minute."""
    owner = _owner(tenant, operators=operators)
    confirm(f"Revoke the key {key_id}? Its programs lose access.", yes=yes)
    with Sortie() as sortie:
        sortie.admin.revoke_key(owner, key_id)
    print_note(f"revoked {key_id}")
