"""Ask agents, fly missions, have documentation written, look after what went wrong."""

import sys
from typing import Annotated, NoReturn

import typer

from sortie_client.cli import ask, dlq, docs, jobs, missions
from sortie_client.cli.failures import INTERRUPTED, explained
from sortie_client.cli.output import complain
from sortie_client.client import VERSION
from sortie_client.errors import SortieError

app = typer.Typer(
    name="sortie",
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Keys and addresses: SORTIE_BASE_URL, SORTIE_API_KEY, …, or what `make up` has written"
    " into .local/stack.json of this folder or one above.",
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
        typer.Option("--version", help="Show it and exit.", callback=show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def run() -> NoReturn:
    """Run the command that was called, and exit as `sortie_client.cli` says."""
    try:
        app()
    except SortieError as error:
        text, code = explained(error)
        complain(text)
        sys.exit(code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(0)
