"""MiniStack: AWS in one process on this machine, without Docker."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.cloud.aws import CREDENTIALS, REGION
from local.kit.network import find_free_port, get, is_responding
from local.kit.paths import find_tool
from local.kit.process import Process

# Handlers inherit MiniStack's environment. The developer's settings of logging, proxies or AWS must
# not reach them, so MiniStack itself inherits these variables only.
INHERITED_VARIABLES = ("CALLS_FOLDER", "HOME", "LANG", "LC_ALL", "PATH", "TZ")

# MiniStack answers for Bedrock with texts of its own, which must not pass for a model's.
NO_BEDROCK = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9"}


@dataclass(frozen=True)
class Mqtt:
    """The broker's address, and the CA certificate that clients verify it with."""

    host: str
    port: int
    ca_file: Path


class MiniStack(Process):
    """The emulator. The custom authorizer of MQTT is the function whose name has this prefix.

    `bedrock`: the variables with which functions find Amazon Bedrock, instead of nothing.
    """

    def __init__(
        self,
        folder: Path,
        authorizer_prefix: str,
        port: int = 0,
        *,
        bedrock: Mapping[str, str] = NO_BEDROCK,
    ) -> None:
        self.port = port or find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mqtt = Mqtt("127.0.0.1", find_free_port(), folder / "iot-ca.pem")
        self._files = folder / "ministack"
        self._files.mkdir()
        super().__init__(
            "MiniStack",
            [find_tool("ministack/bin/python"), "-m", "local.cloud.emulator", authorizer_prefix],
            env=build_environment(self.port, self.mqtt.port, self._files) | {**bedrock},
            log=folder / "ministack.log",
        )

    @property
    def pid(self) -> int:
        return int((self._files / f"ministack-{self.port}.pid").read_text())

    def wait(self) -> None:
        """Wait until it serves requests, and write `mqtt.ca_file`."""
        self.wait_until(lambda: is_responding(f"{self.url}/_ministack/health"))
        _, certificate = get(f"{self.url}/_ministack/iot/ca.pem")
        self.mqtt.ca_file.write_bytes(certificate)


def build_environment(port: int, mqtt_port: int, files: Path) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ},
        **CREDENTIALS,
        "AUTH": "true",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": "unix:///dev/null",  # otherwise it looks for a daemon
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_PORT": str(mqtt_port),
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
        "SFTP_ENABLED": "0",  # unused here, and slow to start
        "TMPDIR": str(files),
    }
