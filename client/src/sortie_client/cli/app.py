"""Ask agents, fly drone missions, run documentation agents, redrive dead-letter queues."""

import sys
from typing import Annotated, NoReturn

import typer

from sortie_client.cli import ask, dlq, docs, jobs, missions
from sortie_client.cli.errors import INTERRUPTED, explain
from sortie_client.cli.output import print_error
from sortie_client.client import VERSION
from sortie_client.errors import SortieError

app = typer.Typer(
    name="sortie",
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 success, 1 the job failed, 2 wrong usage or configuration, 3 the server"
    " refused, 4 the server is unavailable, 130 interrupted.\n\n"
    "Addresses and keys come from SORTIE_BASE_URL, SORTIE_API_KEY, …, or from the file"
    " .local/stack.json that `make up` writes in this folder or one above.",
)
app.command()(ask.ask)
app.command()(jobs.health)
app.add_typer(jobs.app, name="jobs")
app.add_typer(missions.app, name="missions")
app.add_typer(docs.app, name="docs")
app.add_typer(dlq.app, name="dlq")


def show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=show_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def run() -> NoReturn:
    """Run the command of `sys.argv` and exit with its code."""
    try:
        app()
    except SortieError as error:
        text, code = explain(error)
        print_error(text)
        sys.exit(code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(0)
