"""Run the Lambda functions that are web servers, beside the emulator.

The emulator supports neither the Lambda Web Adapter nor streamed responses. One process serves the
apps of all these functions, with the environments of all of them.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.cloud.aws import CREDENTIALS, create_session
from local.kit.network import find_free_port, is_responding
from local.kit.paths import ROOT
from local.kit.process import Process

AUTHORIZER = "AuthorizeApiKeyFunction"
WEB_SERVERS = ("DocsStreamJobFunction", "SessionsSendMessageFunction")
APP = "local.cloud.web_functions_app:app"


@dataclass(frozen=True)
class WebFunctions:
    """The running process. The deployed authorizer is invoked at `authorizer_url`."""

    url: str
    authorizer_url: str
    process: Process


@contextmanager
def run_web_functions(endpoint_url: str, stack: str, folder: Path) -> Iterator[WebFunctions]:
    authorizer, _ = describe_function(endpoint_url, stack, AUTHORIZER)
    variables = dict[str, str]()
    for function in WEB_SERVERS:
        variables |= describe_function(endpoint_url, stack, function)[1]
    port = find_free_port()
    with Process(
        "the web functions' process",
        [
            *(sys.executable, "-m", "uvicorn", APP, "--host", "127.0.0.1", "--port", str(port)),
            *("--lifespan", "off", "--ws", "none", "--no-access-log", "--log-level", "warning"),
            *("--no-server-header", "--no-date-header"),
        ],
        env={
            **variables,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": endpoint_url,
            "PYTHONPATH": f"{ROOT / 'layers/jobs'}:{ROOT}",
        },
        log=folder / "web_functions.log",
    ) as process:
        url = f"http://127.0.0.1:{port}"
        process.wait_until(lambda: is_responding(url))
        invoke_url = f"{endpoint_url}/2015-03-31/functions/{authorizer}/invocations"
        yield WebFunctions(url, invoke_url, process)


def describe_function(
    endpoint_url: str, stack: str, function: str
) -> tuple[str, Mapping[str, str]]:
    """Return the name and the environment of a deployed function, given its logical id."""
    with closing(create_session().client("cloudformation", endpoint_url=endpoint_url)) as stacks:
        found = stacks.describe_stack_resource(StackName=stack, LogicalResourceId=function)
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    with closing(create_session().client("lambda", endpoint_url=endpoint_url)) as functions:
        settings = functions.get_function_configuration(FunctionName=name)
    return name, settings["Environment"]["Variables"]
