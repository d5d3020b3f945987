"""MiniStack: AWS in one process on this machine, without Docker."""

import os
from pathlib import Path

from local.aws import CREDENTIALS, REGION
from local.part import Part
from local.paths import tool
from local.web import answers, free_port

# Handlers inherit MiniStack's environment. What a developer's shell says of logging, proxies or AWS
# must not reach them, so this is all it gets of it.
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TZ")


class MiniStack(Part):
    def __init__(self, folder: Path, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._files = folder / "ministack"
        self._files.mkdir()
        super().__init__(
            "MiniStack",
            [tool("ministack/bin/ministack")],
            env=environment(self.port, self._files),
            log=folder / "ministack.log",
        )

    @property
    def pid(self) -> int:
        return int((self._files / f"ministack-{self.port}.pid").read_text())

    def wait(self) -> None:
        self.wait_until(lambda: answers(f"{self.url}/_ministack/health"))


def environment(port: int, files: Path) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": "unix:///dev/null",  # it looks for a daemon otherwise
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",  # this and the next would listen on every interface
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(files),
    }
