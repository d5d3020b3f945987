"""`sortie admin partners`."""

from typing import Annotated, Literal

import typer

from sortie_client.admin.models import Partner
from sortie_client.cli.admin.common import Tenant, Yes, confirm, require_tenant, time_or_dash
from sortie_client.cli.output import AsJson, print_json, print_note, print_result, print_table
from sortie_client.client import Sortie

app = typer.Typer(
    help="Create, list, rotate and revoke partners: programs for the missions API.",
    no_args_is_help=True,
)

PartnerId = Annotated[str, typer.Argument(metavar="ID", help="The partner's client id.")]


@app.command("list")
def list_partners(*, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """List partners, without their secrets."""
    with Sortie() as sortie:
        partners = sortie.admin.list_partners(require_tenant(tenant))
    if as_json:
        print_json([each.raw for each in partners])
        return
    print_table(
        ("ID", "ROLE", "KEY", "CREATED", "EXPIRES", "NAME"),
        [
            (
                each.id,
                each.role,
                each.key_id or "-",
                time_or_dash(each.created_at),
                time_or_dash(each.expires_at),
                f"{each.name} (replaced by {each.replaced_by})" if each.replaced_by else each.name,
            )
            for each in partners
        ],
    )


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="The program's name.")],
    *,
    role: Annotated[
        Literal["viewer", "pilot", "manager"],
        typer.Option(help="viewer reads, pilot also flies missions, manager also shares them."),
    ],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Create a partner, and print its credentials for the only time."""
    with Sortie() as sortie:
        partner = sortie.admin.create_partner(require_tenant(tenant), name, role)
    _show_credentials(partner, as_json=as_json)


@app.command()
def rotate(
    partner_id: PartnerId,
    *,
    tenant: Tenant = None,
    overlap: Annotated[
        int | None,
        typer.Option(min=0, help="Seconds for which the old ones still work. Default: a day."),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Replace a partner's credentials, and print the new ones for the only time."""
    owner = require_tenant(tenant)
    confirm(f"Replace the credentials of {partner_id}?", yes=yes)
    with Sortie() as sortie:
        partner = sortie.admin.rotate_partner(owner, partner_id, overlap_seconds=overlap)
    _show_credentials(partner, as_json=as_json)


@app.command()
def revoke(partner_id: PartnerId, *, tenant: Tenant = None, yes: Yes = False) -> None:
    """Revoke a partner, within a minute."""
    owner = require_tenant(tenant)
    confirm(f"Revoke {partner_id}? The program loses access.", yes=yes)
    with Sortie() as sortie:
        sortie.admin.revoke_partner(owner, partner_id)
    print_note(f"revoked {partner_id}")


def _show_credentials(partner: Partner, *, as_json: bool) -> None:
    """Print them as the variables that programs of this client read."""
    if as_json:
        print_json(partner.raw)
        return
    print_note(f"{partner.name} is a {partner.role} with the client id {partner.id}")
    if partner.client_secret is None:
        print_note("Its credentials are lost: the first response did not arrive. Rotate them.")
        return
    print_note("The credentials are shown only now:")
    print_result(f"SORTIE_MISSIONS_API_KEY={partner.api_key}")
    print_result(f"SORTIE_CLIENT_ID={partner.id}")
    print_result(f"SORTIE_CLIENT_SECRET={partner.client_secret}")
