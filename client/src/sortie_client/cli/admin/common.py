"""What all commands of operators share: the tenant, confirmations and secrets."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from sortie_client.admin.models import Key
from sortie_client.cli.output import format_time, print_json, print_note, print_result
from sortie_client.errors import NotConfiguredError
from sortie_client.settings import find_variables

Tenant = Annotated[
    str | None,
    typer.Option(help="The tenant's id. Default: SORTIE_TENANT, or the tenant of `make up`."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


def require_tenant(tenant: str | None) -> str:
    """Return the chosen or configured tenant. Raises `NotConfiguredError`."""
    found = tenant or find_variables().get("SORTIE_TENANT")
    if not found:
        raise NotConfiguredError("Choose a tenant with --tenant, or set SORTIE_TENANT")
    return found


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is lost. Without a terminal, require `--yes`."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} Pass --yes to confirm")
    typer.confirm(question, abort=True, err=True)


def show_secret(key: Key, *, as_json: bool) -> None:
    """Print a new key: only its secret to standard output, so that a script can store it."""
    if as_json:
        print_json(key.raw)
        return
    print_note(f"key {key.id} ({key.name})")
    if key.secret is None:
        print_note("Its secret is lost: the first response did not arrive. Rotate the key.")
        return
    print_note("The secret is shown only now:")
    print_result(key.secret)


def time_or_dash(at: datetime | None) -> str:
    return "-" if at is None else format_time(at)
