"""Run the Lambda functions that are web servers, beside the emulator.

The emulator supports neither the Lambda Web Adapter nor streamed responses. Each function is a
process with its own environment, and with the credentials of its role.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from local.cloud.aws import CREDENTIALS, REGION, create_session
from local.kit.network import find_free_port, is_responding
from local.kit.paths import ROOT
from local.kit.process import Process

APPS = {
    "DocsStreamJob": "jobs.docs.api.stream:app",
    "MessagingStreamMessage": "jobs.payments.api.message_stream:app",
    "SessionsSendMessage": "jobs.sessions.api.stream:app",
}
APP_FACTORY = "local.cloud.web_app:create_app"
AWS_CONFIG = """[default]
role_arn = {role}
role_session_name = {name}
source_profile = root

[profile root]
aws_access_key_id = {AWS_ACCESS_KEY_ID}
aws_secret_access_key = {AWS_SECRET_ACCESS_KEY}
"""


@dataclass(frozen=True)
class WebFunction:
    url: str
    process: Process


@contextmanager
def run_web_functions(
    endpoint_url: str, stack: str, folder: Path
) -> Iterator[Mapping[str, WebFunction]]:
    """Run them until the end of the block, once all are ready."""
    with ExitStack() as cleanup:
        started = dict[str, WebFunction]()
        for name, app in APPS.items():
            settings = describe_function(endpoint_url, stack, name)
            process = start(name, app, settings, endpoint_url, folder)
            started[name] = cleanup.enter_context(process)
        for each in started.values():
            each.process.wait_until(partial(is_responding, each.url))
        yield started


@contextmanager
def start(
    name: str, app: str, settings: Mapping[str, Any], endpoint_url: str, folder: Path
) -> Iterator[WebFunction]:
    config = folder / f"{name}.ini"
    config.write_text(AWS_CONFIG.format(role=settings["Role"], name=name, **CREDENTIALS))
    port = find_free_port()
    with Process(
        name,
        [
            *(sys.executable, "-m", "uvicorn", "--factory", APP_FACTORY),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--lifespan", "off", "--ws", "none", "--no-access-log", "--log-level", "warning"),
            *("--no-server-header", "--no-date-header"),
        ],
        env={
            **settings["Environment"]["Variables"],
            "AWS_CONFIG_FILE": str(config),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint_url,
            "PYTHONPATH": f"{ROOT / 'layers/jobs'}:{ROOT}",
            "WEB_APP": app,
        },
        log=folder / f"{name}.log",
    ) as process:
        yield WebFunction(f"http://127.0.0.1:{port}", process)


def find_invoke_url(endpoint_url: str, stack: str, function: str) -> str:
    name = describe_function(endpoint_url, stack, function)["FunctionName"]
    return f"{endpoint_url}/2015-03-31/functions/{name}/invocations"


def describe_function(endpoint_url: str, stack: str, function: str) -> dict[str, Any]:
    """Return the settings of a deployed function."""
    with closing(create_session().client("cloudformation", endpoint_url=endpoint_url)) as stacks:
        found = stacks.describe_stack_resource(
            StackName=stack, LogicalResourceId=f"{function}Function"
        )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    with closing(create_session().client("lambda", endpoint_url=endpoint_url)) as functions:
        return {**functions.get_function_configuration(FunctionName=name)}
