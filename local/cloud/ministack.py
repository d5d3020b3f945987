"""MiniStack: AWS in one process on this machine, without Docker."""

import os
from dataclasses import dataclass
from pathlib import Path

from local.cloud.aws import CREDENTIALS, REGION
from local.kit.network import answers, free_port, get
from local.kit.paths import tool
from local.kit.process import Part

# Handlers inherit MiniStack's environment. What a developer's shell says of logging, proxies or AWS
# must not reach them, so this is all it gets of it.
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TZ")


@dataclass(frozen=True)
class Mqtt:
    """Where the broker is, and whose certificate says that it is it."""

    host: str
    port: int
    ca_file: Path


class MiniStack(Part):
    """`authorizer` is how the name of the MQTT clients' custom authorizer starts."""

    def __init__(self, folder: Path, authorizer: str, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mqtt = Mqtt("127.0.0.1", free_port(), folder / "iot-ca.pem")
        self._files = folder / "ministack"
        self._files.mkdir()
        super().__init__(
            "MiniStack",
            [tool("ministack/bin/python"), "-m", "local.cloud.emulator", authorizer],
            env=environment(self.port, self.mqtt.port, self._files),
            log=folder / "ministack.log",
        )

    @property
    def pid(self) -> int:
        return int((self._files / f"ministack-{self.port}.pid").read_text())

    def wait(self) -> None:
        """Until it serves; from then on `mqtt.ca_file` is there."""
        self.wait_until(lambda: answers(f"{self.url}/_ministack/health"))
        _, certificate = get(f"{self.url}/_ministack/iot/ca.pem")
        self.mqtt.ca_file.write_bytes(certificate)


def environment(port: int, mqtt_port: int, files: Path) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": "unix:///dev/null",  # it looks for a daemon otherwise
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_PORT": str(mqtt_port),
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
        "SFTP_ENABLED": "0",  # it would only take its time
        "TMPDIR": str(files),
    }
