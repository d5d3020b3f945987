"""`sortie admin audit`."""

from itertools import islice
from typing import Annotated

import typer

from sortie_client.cli.output import AsJson, format_time, print_json, print_table
from sortie_client.client import Sortie


def list_audit(
    *,
    tenant: Annotated[str | None, typer.Option(help="Only changes of this tenant.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Number of changes.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the changes of operators, newest first."""
    with Sortie() as sortie:
        records = [*islice(sortie.admin.list_audit(tenant), limit)]
    if as_json:
        print_json([each.raw for each in records])
        return
    print_table(
        ("AT", "ACTOR", "ACTION", "RESOURCE", "TENANT", "ENTRY"),
        [
            (
                format_time(each.at),
                each.actor.name,
                each.action,
                each.resource,
                each.tenant or "-",
                each.entry,
            )
            for each in records
        ],
    )
