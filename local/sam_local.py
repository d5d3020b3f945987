"""Every function in Lambda's own image, on its file in events/: `sam local invoke`, in Docker.

usage: python -m local.sam_local

The functions work on a local stack. What an event names (a key, a job, a message) is there, put in
before.
"""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, override

from jobs.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.adapters.dynamodb.shares import DynamoShares
from local.aws import CREDENTIALS, REGION, session
from local.build import HOST_ARCHITECTURE, LOCAL
from local.errors import LocalStackError
from local.examples import job_for, shared
from local.follow import functions
from local.paths import ROOT, tool
from local.stack import LocalStack, running
from local.template import load

EXAMPLE_KEY = "sortie_000000000000_EXAMPLE-KEY-OF-NOBODY-EXAMPLE-KEY-OF-NOBODY"
EXAMPLE_PARTNER_KEY = "sortie_111111111111_EXAMPLE-KEY-OF-PARTNER-EXAMPLE-KEY-OF-PARTN"
EXAMPLE_DOCS_KEY = "mint_222222222222_EXAMPLE-KEY-OF-NOBODY-EXAMPLE-KEY-OF-NOBODY"
EXAMPLE_CLIENT = "EXAMPLECLIENTOFNOBODY0000000"
EXAMPLE_CLIENT_SECRET = "EXAMPLE-SECRET-OF-NOBODY"  # noqa: S105 - it is none
EXAMPLE_JOB = "019b7963-4a00-7000-8000-000000000001"
EXAMPLE_RECEIPT = "EXAMPLE-receipt-handle"
EXAMPLE_SHARE = "EXAMPLE-CODE-OF-NOBODY-EXAMPLE-0"
NO_DOCKER = "sam local needs a running Docker engine: install Docker Engine or Docker Desktop"
REFUSED = 400


@dataclass(frozen=True)
class Invocation:
    """A function's logical id, its settings, and an event that the stack can make sense of."""

    function: str
    handler: str
    variables: dict[str, str]
    event: str


def invocations(stack: LocalStack) -> Iterator[Invocation]:
    aws, endpoint_url = session(), stack.aws_endpoint_url
    with (
        closing(aws.client("sqs", endpoint_url=endpoint_url)) as sqs,
        closing(aws.client("dynamodb", endpoint_url=endpoint_url)) as dynamodb,
        closing(aws.client("lambda", endpoint_url=endpoint_url)) as lambdas,
    ):
        repository = DynamoJobRepository(dynamodb, stack.outputs["JobTableName"], lambda: 0)
        shares = DynamoShares(dynamodb, stack.outputs["MissionTableName"], lambda: 0)
        queue_url, receipt = message(sqs)
        for physical, name in sorted(functions(endpoint_url, stack.name).items()):
            found = lambdas.get_function_configuration(FunctionName=physical)
            job = job_for(name)
            repository.add(job)
            shares.add(share := shared())
            file = found["Handler"].removesuffix(".lambda_handler").replace(".", "/")
            yield Invocation(
                function=f"{name}Function",
                handler=found["Handler"],
                variables=found["Environment"]["Variables"]
                | dict.fromkeys(("AGENT_QUEUE_URL", "DOCS_QUEUE_URL"), queue_url),
                event=filled(
                    (ROOT / f"events/{file}.json").read_text(),
                    {
                        EXAMPLE_KEY: stack.api_key,
                        EXAMPLE_PARTNER_KEY: stack.seeded["missions"]["apiKey"],
                        EXAMPLE_DOCS_KEY: stack.seeded["docsAgents"]["apiKey"],
                        EXAMPLE_CLIENT: stack.seeded["missions"]["clientId"],
                        EXAMPLE_CLIENT_SECRET: stack.seeded["missions"]["clientSecret"],
                        EXAMPLE_JOB: job.id,
                        EXAMPLE_RECEIPT: receipt,
                        EXAMPLE_SHARE: share.code,
                    },
                ),
            )


def filled(event: str, values: Mapping[str, str]) -> str:
    for example, value in values.items():
        event = event.replace(example, value)
    return event


def message(sqs: Any) -> tuple[str, str]:
    """A queue that no other worker reads, and the receipt of a message from it."""
    url = sqs.create_queue(QueueName="sam-local")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    [received] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    return url, received["ReceiptHandle"]


def failure(answer: str) -> str | None:
    """What went wrong, by what is answered: `sam local invoke` itself ends with 0 all the same."""
    try:
        said = json.loads(answer)
    except ValueError:
        return "no answer"
    match said:
        case {"errorMessage": text}:
            return f"{said.get('errorType', 'error')}: {text}"
        case {"statusCode": int(status), "body": body} if status >= REFUSED:
            return f"{status} {body}"
        case {"batchItemFailures": [_, *_]}:
            return "the batch's records failed"
    return None


@contextmanager
def reachable(stack: LocalStack) -> Iterator[str]:
    """The emulated AWS, as containers reach it: it listens on the loopback of this machine only.

    Docker Desktop leads there by a name of its own. On Linux, `sam` cannot put a container into
    the host's network, so a door is opened at the bridge, which nobody outside can reach.
    """
    port = int(stack.aws_endpoint_url.rpartition(":")[2])
    found = docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}")
    try:
        bridge = found.stdout.strip()
        opened = door(bridge, port)
    except OSError:
        yield f"http://host.docker.internal:{port}"
        return
    with opened:
        Thread(target=opened.serve_forever, daemon=True).start()
        yield f"http://{bridge}:{opened.server_address[1]}"
        opened.shutdown()


def door(address: str, port: int) -> ThreadingTCPServer:
    """What connects to any port of this address is passed on to the loopback's."""

    class Visitor(BaseRequestHandler):
        @override
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as inside:
                back = Thread(target=pump, args=(inside, self.request), daemon=True)
                back.start()
                pump(self.request, inside)
                back.join()

    class Door(ThreadingTCPServer):
        daemon_threads = True

    return Door((address, 0), Visitor)


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)


def write_template(file: Path, invoked: list[Invocation], endpoint_url: str) -> None:
    """The built template with every setting in it: `sam` passes only those that it declares."""
    template = load(LOCAL.folder / "template.yaml")
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for local in properties.keys() & {"CodeUri", "ContentUri", "DefinitionUri"}:
            properties[local] = str((LOCAL.folder / properties[local]).resolve())
    for each in invoked:
        settings = each.variables | CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint_url}
        template["Resources"][each.function]["Properties"]["Environment"] = {"Variables": settings}
    file.write_text(json.dumps(template, default=str))


def invoke(each: Invocation, folder: Path) -> bool:
    event = folder / "event.json"
    event.write_text(each.event)
    ran = subprocess.run(  # noqa: S603 - our own command
        [
            *(tool("sam/bin/sam"), "local", "invoke", each.function),
            *("--template", folder / "template.json", "--event", event, "--region", REGION),
            *("--parameter-overrides", f"Architecture={HOST_ARCHITECTURE}"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    wrong = failure(ran.stdout)
    print(
        f"{each.function:<30} {'FAILED' if wrong else 'ok':<6} {wrong or ran.stdout.strip():.120}"
    )
    if wrong:
        print(ran.stderr)
    return wrong is None


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a command of this module's
        ["docker", *arguments],  # noqa: S607 - wherever it is
        check=False,
        capture_output=True,
        text=True,
    )


def main() -> int:
    if not shutil.which("docker") or docker("info").returncode:
        print(NO_DOCKER, file=sys.stderr)
        return 2
    with (
        running() as stack,
        reachable(stack) as endpoint_url,
        TemporaryDirectory(prefix="sortie-") as folder,
    ):
        invoked = list(invocations(stack))
        write_template(Path(folder) / "template.json", invoked, endpoint_url)
        failed = [each for each in invoked if not invoke(each, Path(folder))]
        return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalStackError as error:
        sys.exit(str(error))
