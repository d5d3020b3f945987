"""`sortie admin usage`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer

from sortie_client.admin.models import UsageCounts
from sortie_client.cli.admin.common import Tenant, require_tenant
from sortie_client.cli.output import AsJson, print_json, print_table
from sortie_client.client import Sortie


def get_usage(
    *,
    tenant: Tenant = None,
    key: Annotated[str | None, typer.Option(help="Only the jobs of this key, by its id.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Default: 29 days before --until."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Default: today in UTC."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the usage of a tenant or a key by day, for 92 days at most, then the total."""
    with Sortie() as sortie:
        usage = sortie.admin.get_usage(
            require_tenant(tenant),
            key=key,
            since=since and since.date(),
            until=until and until.date(),
        )
    if as_json:
        print_json(usage.raw)
        return
    rows = [row for day in usage.days for row in _rows(day.day, day)]
    print_table(("DAY", "SOURCE", "USAGE"), [*rows, *_rows("total", usage.total)])


def _rows(day: str, counts: UsageCounts) -> Iterator[tuple[str, str, str]]:
    for jobs in counts.jobs:
        outcomes = {
            "succeeded": jobs.succeeded, "failed": jobs.failed, "cancelled": jobs.cancelled,
            "timed out": jobs.timed_out,
        }  # fmt: skip
        parts = [f"{count} {name}" for name, count in outcomes.items() if count]
        parts.append(f"{jobs.run_seconds:.1f} s")
        if jobs.input_tokens or jobs.output_tokens:
            parts.append(f"{jobs.input_tokens} tokens in, {jobs.output_tokens} out")
        yield day, jobs.dialect, ", ".join(parts)
    if counts.webhook_attempts:
        yield day, "webhooks", f"{counts.webhook_attempts} attempts"
    for paid in counts.payments:
        amount = f"{int(paid.amount) / 10**6:.6f} {paid.asset} on {paid.network}"
        yield day, "payments", f"{paid.count} payments, {amount}"
