"""`sortie admin tenants`."""

from typing import Annotated

import typer

from sortie_client.admin.models import Tenant
from sortie_client.cli.admin.common import Yes, confirm, time_or_dash
from sortie_client.cli.output import AsJson, print_fields, print_json, print_note, print_table
from sortie_client.client import Sortie

app = typer.Typer(help="Create, list, rename and delete tenants.", no_args_is_help=True)

TenantId = Annotated[str, typer.Argument(metavar="ID", help="The tenant's id.")]


@app.command("list")
def list_tenants(*, as_json: AsJson = False) -> None:
    """List tenants."""
    with Sortie() as sortie:
        tenants = sortie.admin.list_tenants()
    if as_json:
        print_json([each.raw for each in tenants])
        return
    print_table(
        ("ID", "CREATED", "NAME"),
        [(each.id, time_or_dash(each.created_at), each.name) for each in tenants],
    )


@app.command()
def get(tenant: TenantId, *, as_json: AsJson = False) -> None:
    """Print a tenant."""
    with Sortie() as sortie:
        _show(sortie.admin.get_tenant(tenant), as_json=as_json)


@app.command()
def create(
    tenant: TenantId,
    *,
    name: Annotated[str | None, typer.Option(help="Default: the id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a tenant."""
    with Sortie() as sortie:
        _show(sortie.admin.create_tenant(tenant, name=name), as_json=as_json)


@app.command()
def rename(
    tenant: TenantId,
    name: Annotated[str, typer.Argument(help="The new name.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Rename a tenant."""
    with Sortie() as sortie:
        _show(sortie.admin.rename_tenant(tenant, name), as_json=as_json)


@app.command()
def delete(tenant: TenantId, *, yes: Yes = False) -> None:
    """Delete a tenant that has no keys and no other entries left."""
    confirm(f"Delete the tenant {tenant}?", yes=yes)
    with Sortie() as sortie:
        sortie.admin.delete_tenant(tenant)
    print_note(f"deleted {tenant}")


def _show(tenant: Tenant, *, as_json: bool) -> None:
    if as_json:
        print_json(tenant.raw)
        return
    print_fields([
        ("id", tenant.id),
        ("name", tenant.name),
        ("created", time_or_dash(tenant.created_at)),
    ])  # fmt: skip
