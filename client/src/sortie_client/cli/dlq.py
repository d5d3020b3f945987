"""`sortie dlq`: what no worker could process."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sortie_client.cli.failures import UNSUCCESSFUL
from sortie_client.cli.output import AsJson, complain, note, say, say_json, table, waiting
from sortie_client.errors import NotConfiguredError
from sortie_client.settings import configuration

if TYPE_CHECKING:
    from sortie_client.dead_letters import DeadLetterQueue, DeadLetters

app = typer.Typer(help="Dead-letter queues, for operators.", no_args_is_help=True)

Stack = Annotated[
    str | None,
    typer.Option(
        help="A CloudFormation stack in your AWS account; else SORTIE_STACK, else the one that"
        " `make up` runs here."
    ),
]


@app.command("list")
def list_queues(*, stack: Stack = None, as_json: AsJson = False) -> None:
    """Show how many messages each dead-letter queue holds."""
    queues = _letters(stack).queues()
    if as_json:
        say_json([{"name": it.name, "messages": it.messages} for it in queues])
        return
    table(("QUEUE", "MESSAGES"), [(it.name, str(it.messages)) for it in queues])


@app.command()
def redrive(
    names: Annotated[list[str] | None, typer.Argument(help="Which queues.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    stack: Stack = None,
    as_json: AsJson = False,
) -> None:
    """Send what dead-letter queues hold on its way once more; what cannot be sent stays."""
    if bool(names) is all_:
        raise typer.BadParameter("name queues, or say --all")
    letters = _letters(stack)
    done = [_redriven(letters, queue) for queue in _chosen(letters, names)]
    if as_json:
        say_json(done)
    else:
        for each in done:
            say(f"{each['name']}: {each['sent']} sent once more, {each['kept']} kept")
    if any(each["kept"] for each in done):
        raise typer.Exit(UNSUCCESSFUL)


def _redriven(letters: "DeadLetters", queue: "DeadLetterQueue") -> dict[str, Any]:
    """Tell of each letter what became of it, and return how many there were of each kind."""
    went = kept = 0
    with waiting(queue.name) as tell:
        for letter in letters.redrive(queue):
            went, kept = went + letter.went, kept + (not letter.went)
            if letter.went:
                note(letter.text)
            else:
                complain(f"kept: {letter.text}")
            tell(f"{went} of {queue.messages}")
    return {"name": queue.name, "sent": went, "kept": kept}


def _chosen(letters: "DeadLetters", names: list[str] | None) -> list["DeadLetterQueue"]:
    there = {queue.name: queue for queue in letters.queues()}
    if unknown := [name for name in names or () if name not in there]:
        raise NotConfiguredError(
            f"There is no dead-letter queue {', '.join(unknown)}; there are {', '.join(there)}"
        )
    return [there[name] for name in names or there]


def _letters(named: str | None) -> "DeadLetters":
    """A stack that is named is in AWS, whatever stack runs in this folder."""
    try:
        from sortie_client.dead_letters import DeadLetters, clients  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise NotConfiguredError(
            "Queues are reached through AWS: pip install 'sortie-client[aws]'"
        ) from error
    if stack := named or os.environ.get("SORTIE_STACK"):
        return DeadLetters(stack, clients())
    found = configuration()
    if "SORTIE_STACK" not in found:
        raise NotConfiguredError("Say which stack: --stack, or SORTIE_STACK")
    return DeadLetters(found["SORTIE_STACK"], clients(found.get("AWS_ENDPOINT_URL")))
