"""What the Lambda functions that are web servers serve, without the functions.

The emulator knows neither the Lambda Web Adapter nor answers that stream. So the same apps run
beside it as one, in the environment that a deployed function has, behind the local gateway.
"""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.cloud.aws import CREDENTIALS, session
from local.kit.network import answers, free_port
from local.kit.paths import ROOT
from local.kit.process import Part

AUTHORIZER = "AuthorizeApiKeyFunction"
APP = "local.gateway.streams_app:app"


@dataclass(frozen=True)
class Streams:
    """`authorizer` is where the deployed function that knows the keys is invoked."""

    url: str
    authorizer: str
    part: Part


@contextmanager
def streams(aws_endpoint_url: str, stack: str, folder: Path) -> Iterator[Streams]:
    authorizer, variables = deployed(aws_endpoint_url, stack)
    port = free_port()
    with Part(
        "the streams",
        [
            *(sys.executable, "-m", "uvicorn", APP, "--host", "127.0.0.1", "--port", str(port)),
            *("--lifespan", "off", "--ws", "none", "--no-access-log", "--log-level", "warning"),
        ],
        env={
            **variables,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": aws_endpoint_url,
            "PYTHONPATH": f"{ROOT / 'layers/jobs'}:{ROOT}",
        },
        log=folder / "streams.log",
    ) as part:
        url = f"http://127.0.0.1:{port}"
        part.wait_until(lambda: answers(url))
        invoke = f"{aws_endpoint_url}/2015-03-31/functions/{authorizer}/invocations"
        yield Streams(url, invoke, part)


def deployed(aws_endpoint_url: str, stack: str) -> tuple[str, dict[str, str]]:
    """The authorizer's name, and its environment: that which all functions share."""
    with closing(session().client("cloudformation", endpoint_url=aws_endpoint_url)) as stacks:
        found = stacks.describe_stack_resource(StackName=stack, LogicalResourceId=AUTHORIZER)
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    with closing(session().client("lambda", endpoint_url=aws_endpoint_url)) as functions:
        settings = functions.get_function_configuration(FunctionName=name)
    return name, settings["Environment"]["Variables"]
