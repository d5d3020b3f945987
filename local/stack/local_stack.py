"""One running local stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.payments.payment import PaymentsMode
from local.chain.chains import Chains
from local.cloud.ministack import MiniStack, Mqtt
from local.git.launch import GitHost
from local.kit.process import Process


@dataclass(frozen=True)
class LocalStack:
    """The stack's addresses, and its processes. `seeded` says how to call as the demo tenant."""

    name: str
    base_url: str
    outputs: Mapping[str, str]
    seeded: Mapping[str, Any]
    folder: Path
    ministack: MiniStack
    gateway: Process
    web_functions: Process
    git: GitHost
    payments: PaymentsMode = PaymentsMode.OFF
    chains: Chains | None = None
    docks: Process | None = None

    @property
    def api_key(self) -> str:
        return str(self.seeded["messaging"]["apiKey"])

    @property
    def aws_endpoint_url(self) -> str:
        return self.ministack.url

    @property
    def websocket_url(self) -> str:
        return to_websocket_url(self.base_url)

    @property
    def git_url(self) -> str:
        """The URL of the demo project's repository."""
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
        """Check that every process is running.

        Raises:
            LocalStackError: A process has ended.

        """
        for process in (self.ministack, self.web_functions, self.gateway, self.git.process):
            process.check()
        for optional in (self.docks, *(self.chains.processes if self.chains else [])):
            if optional:
                optional.check()

    def description(self) -> dict[str, Any]:
        """Return the content of stack.json: the addresses and keys that clients need."""
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
            **self._describe_payments(),
        }

    def _describe_payments(self) -> dict[str, Any]:
        if not self.chains:
            return {}
        return {"payments": {"mode": self.payments, **self.chains.description()}}


def to_websocket_url(base_url: str) -> str:
    return f"ws{base_url.removeprefix('http')}/ws"
