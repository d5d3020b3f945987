"""One running local stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.payments.payment import PaymentsMode
from local.chain.chains import Chains
from local.cloud.ministack import Mqtt
from local.kit.process import Process
from local.models.model import Model


@dataclass(frozen=True)
class LocalStack:
    """The stack's addresses: plain data, except for the processes that this process started.

    `seeded` says how to call as the demo tenant.
    """

    name: str
    base_url: str
    aws_endpoint_url: str
    outputs: Mapping[str, str]
    seeded: Mapping[str, Any]
    folder: Path
    mqtt: Mqtt
    git_url: str
    ministack_pid: int
    web_function_logs: Mapping[str, Path]
    docks_log: Path | None = None
    payments: PaymentsMode = PaymentsMode.OFF
    chains: Chains | None = None
    model: Model | None = None
    processes: Sequence[Process] = ()

    @property
    def api_key(self) -> str:
        return str(self.seeded["messaging"]["apiKey"])

    @property
    def websocket_url(self) -> str:
        return to_websocket_url(self.base_url)

    def check(self) -> None:
        """Check that every process is running.

        Raises:
            LocalStackError: A process has ended.

        """
        for process in self.processes:
            process.check()

    def description(self) -> dict[str, Any]:
        """Return the content of stack.json: the addresses and keys that clients need."""
        return {
            "stackName": self.name,
            "baseUrl": self.base_url,
            "webSocketUrl": self.websocket_url,
            "awsEndpointUrl": self.aws_endpoint_url,
            "eventBusName": self.outputs["EventBusName"],
            "mqtt": {
                "host": self.mqtt.host,
                "port": self.mqtt.port,
                "caFile": str(self.mqtt.ca_file),
            },
            **self.seeded,
            **self._describe_payments(),
            **({"model": self.model.description()} if self.model else {}),
        }

    def _describe_payments(self) -> dict[str, Any]:
        if not self.chains:
            return {}
        return {"payments": {"mode": self.payments, **self.chains.description()}}


def to_websocket_url(base_url: str) -> str:
    return f"ws{base_url.removeprefix('http')}/ws"
