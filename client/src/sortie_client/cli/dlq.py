"""`sortie dlq`."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sortie_client.cli.errors import JOB_FAILED
from sortie_client.cli.output import (
    AsJson,
    print_error,
    print_json,
    print_note,
    print_result,
    print_table,
    spinner,
)
from sortie_client.errors import NotConfiguredError
from sortie_client.settings import find_variables

if TYPE_CHECKING:
    from sortie_client.dead_letters.queues import DeadLetterQueue, DeadLetterQueues

app = typer.Typer(help="List and redrive dead-letter queues, for operators.", no_args_is_help=True)

Stack = Annotated[
    str | None,
    typer.Option(
        help="A CloudFormation stack in your AWS account. Default: SORTIE_STACK, or the stack that"
        " `make up` runs here."
    ),
]

Region = Annotated[
    str | None, typer.Option(help="The stack's region. Default: that of your AWS settings.")
]


@app.command("list")
def list_queues(*, stack: Stack = None, region: Region = None, as_json: AsJson = False) -> None:
    """List dead-letter queues and the number of their messages."""
    queues = _connect(stack, region).list_queues()
    if as_json:
        print_json([{"name": it.name, "messages": it.messages} for it in queues])
        return
    print_table(("QUEUE", "MESSAGES"), [(it.name, str(it.messages)) for it in queues])


@app.command()
def redrive(
    names: Annotated[list[str] | None, typer.Argument(help="The queues to redrive.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Redrive all queues.")] = False,
    stack: Stack = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Send the messages of dead-letter queues back to their consumers.

    A message that cannot be sent stays in its queue.
    """
    if bool(names) is all_:
        raise typer.BadParameter("Pass the names of queues, or --all")
    queues = _connect(stack, region)
    results = [_redrive(queues, queue) for queue in _choose(queues, names)]
    if as_json:
        print_json(results)
    else:
        for each in results:
            print_result(f"{each['name']}: {each['redriven']} redriven, {each['failed']} failed")
    if any(each["failed"] for each in results):
        raise typer.Exit(JOB_FAILED)


def _redrive(queues: "DeadLetterQueues", queue: "DeadLetterQueue") -> dict[str, Any]:
    """Redrive a queue, print each message's result, and return their counts."""
    redriven = failed = 0
    with spinner(queue.name) as set_status:
        for result in queues.redrive(queue):
            if result.redriven:
                redriven += 1
                print_note(result.text)
            else:
                failed += 1
                print_error(f"failed: {result.text}")
            set_status(f"{redriven} of {queue.messages}")
    return {"name": queue.name, "redriven": redriven, "failed": failed}


def _choose(queues: "DeadLetterQueues", names: list[str] | None) -> list["DeadLetterQueue"]:
    existing = {queue.name: queue for queue in queues.list_queues()}
    if unknown := [name for name in names or () if name not in existing]:
        raise NotConfiguredError(
            f"There is no dead-letter queue {', '.join(unknown)}."
            f" Choose from: {', '.join(existing)}"
        )
    return [existing[name] for name in names or existing]


def _connect(stack: str | None, region: str | None) -> "DeadLetterQueues":
    """Connect to a named stack in AWS, or to the one that `make up` runs here."""
    try:
        from sortie_client.dead_letters.aws import aws_clients  # noqa: PLC0415 - an extra
        from sortie_client.dead_letters.queues import DeadLetterQueues  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise NotConfiguredError(
            "Dead-letter queues need the package boto3: pip install 'sortie-client[aws]'"
        ) from error
    if named := stack or os.environ.get("SORTIE_STACK"):
        return DeadLetterQueues(named, aws_clients(region=region))
    variables = find_variables()
    if "SORTIE_STACK" not in variables:
        raise NotConfiguredError("The stack is missing. Pass --stack, or set SORTIE_STACK")
    return DeadLetterQueues(
        variables["SORTIE_STACK"], aws_clients(variables.get("AWS_ENDPOINT_URL"))
    )
