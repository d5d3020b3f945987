"""`sortie webhooks`."""

from typing import Annotated

import typer

from sortie_client.cli.output import (
    AsJson,
    coloured,
    format_time,
    print_json,
    print_result,
    print_table,
)
from sortie_client.client import Sortie

app = typer.Typer(help="List and repeat deliveries of webhooks.", no_args_is_help=True)


@app.command("list")
def list_deliveries(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """List a job's deliveries, each with its last attempt."""
    with Sortie() as sortie:
        found = sortie.webhooks.list_deliveries(job_id)
    if as_json:
        print_json([each.raw for each in found])
        return
    rows = []
    for each in found:
        last = each.attempts[-1] if each.attempts else None
        outcome = str(last.status or last.error) if last else "-"
        at = format_time(each.created_at)
        rows.append((each.delivery_id, coloured(each.status), each.event, at, outcome, each.url))
    print_table(("ID", "STATUS", "EVENT", "CREATED", "LAST ATTEMPT", "URL"), rows)


@app.command()
def redeliver(
    delivery_id: Annotated[str, typer.Argument(metavar="ID", help="The delivery's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Send a delivery again, now."""
    with Sortie() as sortie:
        delivery = sortie.webhooks.redeliver(delivery_id)
    if as_json:
        print_json(delivery.raw)
    else:
        print_result(f"{delivery.delivery_id}: {delivery.status}")
