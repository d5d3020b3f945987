"""One running local stack, for `make up`, tests and bench alike."""

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_SH
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jobs.payments.payment import PaymentsMode
from local.chain.chains import Chains, chains
from local.cloud.build import HOST_ARCHITECTURE, LOCAL, build, locked
from local.cloud.deploy import deploy
from local.cloud.ministack import MiniStack, Mqtt
from local.devices.launch import docks
from local.gateway.streams import Streams, streams
from local.git.server import GitHost, git_host
from local.kit.errors import LocalStackError
from local.kit.network import answers, bound
from local.kit.paths import ROOT
from local.kit.process import Part
from local.kit.progress import step
from local.stack.seed import seed

STACK = "sortie"
MQTT_AUTHORIZER = f"{STACK}-AuthorizeMqttFunction-"
# Here, each worker is a process, and those who are told of jobs are on this machine too.
SMALL = {
    "Stage": "dev",
    "AgentConcurrency": "8",
    "WebhookConcurrency": "4",
    "WebhooksToLoopback": "true",
}


@dataclass(frozen=True)
class LocalStack:
    name: str
    base_url: str
    aws_endpoint_url: str
    outputs: Mapping[str, str]
    seeded: Mapping[str, Any]
    folder: Path
    ministack: MiniStack
    gateway: Part
    streams: Part
    git: GitHost
    payments: PaymentsMode = PaymentsMode.OFF
    chains: Chains | None = None
    docks: Part | None = None

    @property
    def api_key(self) -> str:
        return str(self.seeded["messaging"]["apiKey"])

    @property
    def websocket_url(self) -> str:
        return websocket_url(self.base_url)

    @property
    def git_url(self) -> str:
        """Of the demo project's repository."""
        return self.git.url

    @property
    def mqtt(self) -> Mqtt:
        return self.ministack.mqtt

    @property
    def ministack_pid(self) -> int:
        return self.ministack.pid

    @property
    def log(self) -> Path:
        return self.ministack.log

    def check(self) -> None:
        """Raise if a part of it has ended."""
        for part in (self.ministack, self.streams, self.gateway, self.git.part):
            part.check()
        for optional in (self.docks, *(self.chains.parts if self.chains else [])):
            if optional:
                optional.check()

    def description(self) -> dict[str, Any]:
        """What a client needs to find it: the content of stack.json."""
        return {
            "stackName": self.name,
            "baseUrl": self.base_url,
            "webSocketUrl": self.websocket_url,
            "awsEndpointUrl": self.aws_endpoint_url,
            "mqtt": {
                "host": self.mqtt.host,
                "port": self.mqtt.port,
                "caFile": str(self.mqtt.ca_file),
            },
            **self.seeded,
            **self._payments(),
        }

    def _payments(self) -> dict[str, Any]:
        if not self.chains:
            return {}
        return {"payments": {"mode": self.payments, **self.chains.description()}}


@contextmanager
def running(
    *,
    port: int = 0,
    cloud_port: int = 0,
    parameters: Mapping[str, str] | None = None,
    with_docks: bool = True,
    payments: PaymentsMode = PaymentsMode.OFF,
) -> Iterator[LocalStack]:
    """Build if need be, start, deploy and seed; everything is gone at the end.

    Port 0 is any free one, so that any number of stacks run at once. `parameters` are the
    template's. Without docks, start what you need with `local.devices.launch.docks`. With
    payments, there are chains to pay on.
    """
    with ExitStack() as cleanup:
        door = cleanup.enter_context(reserved(port))
        base_url = f"http://127.0.0.1:{door.getsockname()[1]}"
        folder = Path(cleanup.enter_context(TemporaryDirectory(prefix="sortie-")))
        build(LOCAL)
        money = cleanup.enter_context(paid(payments, folder))
        with step("starting MiniStack"):
            ministack = cleanup.enter_context(MiniStack(folder, MQTT_AUTHORIZER, cloud_port))
            ministack.wait()
        with step("deploying"), locked(LOCAL.folder.with_suffix(".lock"), LOCK_SH):
            wanted = {
                **SMALL,
                "Architecture": HOST_ARCHITECTURE,
                "PublicUrl": base_url,
                "PublicWebSocketUrl": websocket_url(base_url),
                **({"Payments": payments, **money.parameters()} if money else {}),
                **(parameters or {}),
            }
            outputs = deploy(LOCAL.folder, STACK, wanted, ministack.url)
        streaming = cleanup.enter_context(streams(ministack.url, STACK, folder))
        gateway = cleanup.enter_context(opened(door, ministack, outputs, streaming, folder))
        git = cleanup.enter_context(git_host(folder))
        gateway.wait_until(lambda: answers(f"{base_url}/"))
        with step("seeding"):
            seeded = seed(ministack.url, STACK, outputs, base_url, git)
        stack = LocalStack(
            name=STACK,
            base_url=base_url,
            aws_endpoint_url=ministack.url,
            outputs=outputs,
            seeded=seeded,
            folder=folder,
            ministack=ministack,
            gateway=gateway,
            streams=streaming.part,
            git=git,
            payments=payments,
            chains=money,
        )
        if with_docks:
            with step("connecting docks"):
                demo = cleanup.enter_context(docks(stack))
            stack = replace(stack, docks=demo)
        yield stack


@contextmanager
def paid(mode: PaymentsMode, folder: Path) -> Iterator[Chains | None]:
    if mode is PaymentsMode.OFF:
        yield None
        return
    with ExitStack() as cleanup:
        with step("starting chains"):
            money = cleanup.enter_context(chains(folder))
        yield money


def websocket_url(base_url: str) -> str:
    return f"ws{base_url.removeprefix('http')}/ws"


def reserved(port: int) -> socket.socket:
    """Before anything is built or started, as there is no use in it without the port."""
    try:
        return bound(port)
    except PermissionError as error:
        raise LocalStackError(f"port {port} needs root; PORT=8090 make up") from error
    except OSError as error:
        raise LocalStackError(f"port {port} is taken; PORT={port + 10} make up") from error


def opened(
    door: socket.socket,
    ministack: MiniStack,
    outputs: Mapping[str, str],
    streaming: Streams,
    folder: Path,
) -> Part:
    """Start the gateway, whose socket it then is: when it ends, nobody listens any more."""
    apis = f"{ministack.url}/_aws/execute-api"
    with door:
        return Part(
            "the gateway",
            [
                *(sys.executable, "-m", "local.gateway.server", str(door.fileno())),
                f"{apis}/{outputs['ApiId']}/{outputs['StageName']}",
                *(
                    "--sockets",
                    f"{apis}/{outputs['WebSocketApiId']}/{outputs['WebSocketStageName']}",
                ),
                *("--streams", streaming.url, "--authorizer", streaming.authorizer),
            ],
            env={"PYTHONPATH": str(ROOT)},
            log=folder / "gateway.log",
            pass_fds=[door.fileno()],
        )
