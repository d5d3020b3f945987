"""`sortie dlq`: what no worker could process."""

import os
from typing import Annotated

import typer

from sortie_client.cli.failures import UNSUCCESSFUL
from sortie_client.cli.output import AsJson, complain, say, say_json, table
from sortie_client.cli.queues import DeadLetters, Queues, Redriven, aws
from sortie_client.errors import NotConfiguredError
from sortie_client.settings import configuration

app = typer.Typer(help="Dead-letter queues, for operators.", no_args_is_help=True)

Stack = Annotated[
    str | None,
    typer.Option(help="The CloudFormation stack, in your AWS account; else SORTIE_STACK."),
]


@app.command("list")
def list_queues(*, stack: Stack = None, as_json: AsJson = False) -> None:
    """Show how many messages each dead-letter queue holds."""
    with aws():
        found = _queues(stack).dead_letters()
    if as_json:
        say_json([{"name": it.name, "messages": it.messages} for it in found])
        return
    table(("QUEUE", "MESSAGES"), [(it.name, str(it.messages)) for it in found])


@app.command()
def redrive(
    names: Annotated[list[str] | None, typer.Argument(help="Which queues.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    stack: Stack = None,
    as_json: AsJson = False,
) -> None:
    """Send the messages of dead-letter queues back to where they came from."""
    if bool(names) is all_:
        raise typer.BadParameter("name queues, or say --all")
    with aws():
        done = _redriven(_queues(stack), names)
    if as_json:
        say_json([{"name": q.name, "moved": r.moved, "left": r.left} for q, r in done])
    else:
        for queue, result in done:
            say(f"{queue.name}: {result.moved} sent back")
    for queue, result in done:
        if result.left:
            complain(f"{queue.name}: {result.left} left, as nobody knows where they came from")
    if any(result.left for _, result in done):
        raise typer.Exit(UNSUCCESSFUL)


def _redriven(queues: Queues, names: list[str] | None) -> list[tuple[DeadLetters, Redriven]]:
    there = {queue.name: queue for queue in queues.dead_letters()}
    if unknown := [name for name in names or () if name not in there]:
        raise NotConfiguredError(
            f"There is no dead-letter queue {', '.join(unknown)}; there are {', '.join(there)}"
        )
    wanted = [there[name] for name in names or there]
    return [(queue, queues.redrive(queue)) for queue in wanted]


def _queues(named: str | None) -> Queues:
    """A stack that is named is in AWS, whatever stack runs in this folder."""
    if stack := named or os.environ.get("SORTIE_STACK"):
        return Queues(stack, None)
    found = configuration()
    if "SORTIE_STACK" not in found:
        raise NotConfiguredError("Say which stack: --stack, or SORTIE_STACK")
    return Queues(found["SORTIE_STACK"], found.get("AWS_ENDPOINT_URL"))
