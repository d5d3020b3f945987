"""Start a local stack, for `make up`, the tests and the benchmarks."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from jobs.payments.payment import PaymentsMode
from local.chain.chains import NODES_SECRET, Chains, run_chains
from local.cloud.aws import create_session
from local.cloud.build import HOST_ARCHITECTURE, LOCAL, build, read_lock
from local.cloud.deploy import deploy
from local.cloud.ministack import NO_BEDROCK, MiniStack
from local.cloud.web_functions import WebFunction, find_invoke_url, run_web_functions
from local.gateway.launch import run_gateway
from local.gateway.server import Upstreams
from local.gateway.websocket import QUOTAS, Timeouts
from local.git.launch import run_git_host
from local.git.own_repository import OwnRepository
from local.kit.errors import LocalStackError
from local.kit.network import bind_port, is_responding
from local.kit.progress import step
from local.kit.run_folder import run_folder
from local.models.model import PARAMETERS, Model, bedrock_variables
from local.models.tiny import run_tiny
from local.stack.docks import run_docks
from local.stack.local_stack import LocalStack, to_websocket_url
from local.stack.memory import Backend, Memory
from local.stack.seed import seed_registry

STACK_NAME = "sortie"
MQTT_AUTHORIZER_PREFIX = f"{STACK_NAME}-AuthorizeMqttFunction-"
# Each concurrent worker is a process of this machine, and webhook receivers run on it, too.
LOCAL_PARAMETERS = {
    "Stage": "dev",
    "AgentConcurrency": "8",
    "AgentTenantConcurrency": "5",
    "WebhookConcurrency": "4",
    "WebhookTenantConcurrency": "2",
    "WebhooksToLoopback": "true",
}


@contextmanager
def run_stack(  # noqa: PLR0913 - by name only
    *,
    port: int = 0,
    cloud_port: int = 0,
    parameters: Mapping[str, str] | None = None,
    with_docks: bool = True,
    payments: PaymentsMode = PaymentsMode.OFF,
    timeouts: Timeouts = QUOTAS,
    repository: OwnRepository | None = None,
    memory: Memory | None = None,
    model: Model | None = None,
) -> Iterator[LocalStack]:
    """Build if the sources have changed, start, deploy and seed; stop at the end of the block.

    Port 0 is any free port, so that several stacks can run at once. `parameters` override the
    template's. Without docks, use `run_docks`. Payments start local chains. `timeouts` are those of
    WebSocket connections. The git host serves `repository` instead of the demo's. `memory` has the
    keys and the registry of the last run. `model` is the default agent's and the project's.

    Raises:
        LocalStackError: A part cannot start, or the port is unavailable.

    """
    memory = memory or Memory()
    with ExitStack() as cleanup:
        bound = cleanup.enter_context(reserve_port(port))
        base_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        folder = cleanup.enter_context(run_folder())
        build(LOCAL)
        chains = None
        if payments is not PaymentsMode.OFF:
            with step("starting chains"):
                chains = cleanup.enter_context(run_chains(folder))
        if model and model.kind == "tiny":
            with step("starting the model"):
                model = cleanup.enter_context(run_tiny(model, folder))
        with step("starting MiniStack"):
            ministack = cleanup.enter_context(
                MiniStack(
                    folder,
                    MQTT_AUTHORIZER_PREFIX,
                    cloud_port,
                    bedrock=bedrock_variables(model) or NO_BEDROCK,
                )
            )
            ministack.wait()
        with step("deploying"), read_lock(LOCAL):
            chosen = (PARAMETERS if model else {}) | dict(parameters or {})
            wanted = build_parameters(base_url, payments, chains) | chosen
            if chains:
                create_secret(ministack.url, NODES_SECRET, chains.nodes_secret())
            outputs = deploy(LOCAL.folder, STACK_NAME, wanted, ministack.url)
        web_functions = cleanup.enter_context(run_web_functions(ministack.url, STACK_NAME, folder))
        upstreams = find_upstreams(ministack.url, outputs, web_functions, payments)
        gateway = cleanup.enter_context(run_gateway(bound, upstreams, folder, timeouts))
        git = cleanup.enter_context(run_git_host(folder, repository, memory.git_password))
        gateway.wait_until(lambda: is_responding(f"{base_url}/none"))  # no function
        with step("seeding"), Backend(ministack.url, STACK_NAME, outputs) as backend:
            backend.restore(memory)
            seeded = seed_registry(backend, base_url, git, memory, model)
        functions = {name: each.process for name, each in web_functions.items()}
        processes = [ministack, *functions.values(), gateway, git.process]
        stack = LocalStack(
            name=STACK_NAME,
            base_url=base_url,
            aws_endpoint_url=ministack.url,
            outputs=outputs,
            seeded=seeded,
            folder=folder,
            mqtt=ministack.mqtt,
            git_url=git.url,
            ministack_pid=ministack.pid,
            web_function_logs={name: each.log for name, each in functions.items()},
            payments=payments,
            chains=chains,
            model=model,
            processes=[*processes, *(chains.processes if chains else ())],
        )
        if with_docks:
            with step("connecting docks"):
                docks = cleanup.enter_context(run_docks(stack))
            processes = [*stack.processes, docks]
            stack = replace(stack, docks_log=docks.log, processes=processes)
        yield stack


def create_secret(endpoint_url: str, name: str, value: str) -> None:
    with closing(create_session().client("secretsmanager", endpoint_url=endpoint_url)) as secrets:
        secrets.create_secret(Name=name, SecretString=value)


def build_parameters(
    base_url: str, payments: PaymentsMode, chains: Chains | None
) -> dict[str, str]:
    return {
        **LOCAL_PARAMETERS,
        "Architecture": HOST_ARCHITECTURE,
        "PublicUrl": base_url,
        "PublicWebSocketUrl": to_websocket_url(base_url),
        **({"Payments": payments, **chains.parameters()} if chains else {}),
    }


def reserve_port(port: int) -> socket.socket:
    """Bind the port before the slow steps, which would be wasted without it."""
    try:
        return bind_port(port)
    except PermissionError as error:
        raise LocalStackError(f"port {port} needs root; try PORT=8090 make up") from error
    except OSError as error:
        raise LocalStackError(f"port {port} is taken; try PORT={port + 10} make up") from error


def find_upstreams(
    aws_endpoint_url: str,
    outputs: Mapping[str, str],
    functions: Mapping[str, WebFunction],
    payments: PaymentsMode,
) -> Upstreams:
    """A stack of an earlier version may have fewer functions that are web servers."""
    apis = f"{aws_endpoint_url}/_aws/execute-api"
    urls = {name: each.url for name, each in functions.items()}
    return Upstreams(
        api=f"{apis}/{outputs['ApiId']}/{outputs['StageName']}",
        sockets=f"{apis}/{outputs['WebSocketApiId']}/{outputs['WebSocketStageName']}",
        docs=urls.get("DocsStreamJob"),
        messages=urls.get("MessagingStreamMessage"),
        sessions=urls.get("SessionsSendMessage"),
        authorizer=find_invoke_url(aws_endpoint_url, STACK_NAME, "AuthorizeApiKey"),
        payers="yes" if payments is PaymentsMode.INSTEAD_OF_KEY else "",
    )
