"""Ask agents, fly drone missions, run documentation agents, redrive dead-letter queues."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from sortie_client.cli import (
    agents,
    ask,
    chat,
    dlq,
    docs,
    jobs,
    login,
    mission_lists,
    missions,
    webhooks,
    worker,
)
from sortie_client.cli.admin import app as admin
from sortie_client.cli.errors import INTERRUPTED, explain
from sortie_client.cli.output import print_error
from sortie_client.client import VERSION
from sortie_client.errors import SortieError

app = typer.Typer(
    name="sortie",
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 success, 1 the job failed, 2 wrong usage or configuration, 3 the server"
    " refused, 4 the server is unavailable, 130 interrupted.\n\n"
    "Addresses and keys come from --profile, from SORTIE_BASE_URL, SORTIE_API_KEY, …, from the file"
    " .local/stack.json that `make up` writes in this folder or one above, or from the last"
    " `sortie login`; the first of these that has an address counts.",
)
app.command()(ask.ask)
app.command()(chat.chat)
app.command()(agents.agents)
app.command()(jobs.health)
app.add_typer(jobs.app, name="jobs")
missions.app.add_typer(mission_lists.app)
app.add_typer(missions.app, name="missions")
app.add_typer(docs.app, name="docs")
app.command()(worker.worker)
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(dlq.app, name="dlq")
app.command()(login.login)
app.command()(login.logout)
app.command()(login.profiles)
app.add_typer(admin.app, name="admin")


def show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def options(
    *,
    profile: Annotated[
        str | None,
        typer.Option(envvar="SORTIE_PROFILE", help="A server that `sortie login` keeps."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=show_version, is_eager=True
        ),
    ] = False,
) -> None:
    if profile:
        os.environ["SORTIE_PROFILE"] = profile


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
