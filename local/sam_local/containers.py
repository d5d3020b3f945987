"""What `sam local`'s containers need of this machine: a way to the emulated AWS, and a layer."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import override

from local.kit.errors import LocalStackError

NO_DOCKER = "sam local needs a running Docker engine: install Docker Engine or Docker Desktop"
ADAPTER_IMAGE = "public.ecr.aws/awsguru/aws-lambda-adapter:1.0.0-rc1"
"""What is in the layer that the template names."""
WRAPPER = """\
#!/bin/sh
exec "$LAMBDA_TASK_ROOT/$_HANDLER"
"""


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a command of this module's
        ["docker", *arguments],  # noqa: S607 - wherever it is
        check=False,
        capture_output=True,
        text=True,
    )


def docker_runs() -> bool:
    return shutil.which("docker") is not None and docker("info").returncode == 0


def web_adapter(folder: Path) -> Path:
    """Make a layer of the Lambda Web Adapter's public image.

    For the layer itself, `sam` would need somebody's AWS credentials.
    """
    made = docker("create", ADAPTER_IMAGE, "/lambda-adapter")
    if made.returncode:
        raise LocalStackError(made.stderr)
    container = made.stdout.strip()
    layer = adapter_layer(folder)
    copied = docker("cp", f"{container}:/lambda-adapter", str(layer / "extensions"))
    docker("rm", container)
    if copied.returncode:
        raise LocalStackError(copied.stderr)
    return layer


def adapter_layer(folder: Path) -> Path:
    """All of the layer but the program itself, which belongs into `extensions`."""
    (folder / "extensions").mkdir(parents=True, exist_ok=True)
    wrapper = folder / "bootstrap"
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    return folder


@contextmanager
def reachable(aws_endpoint_url: str) -> Iterator[str]:
    """The emulated AWS, as containers reach it: it listens on the loopback of this machine only.

    Docker Desktop leads there by a name of its own. On Linux, `sam` cannot put a container into
    the host's network, whatever its --docker-network is, so a door is opened at the bridge, which
    nobody outside can reach.
    """
    port = int(aws_endpoint_url.rpartition(":")[2])
    found = docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}")
    try:
        bridge = found.stdout.strip()
        opened = door(bridge, port)
    except OSError:
        yield f"http://host.docker.internal:{port}"
        return
    with opened:
        Thread(target=opened.serve_forever, daemon=True).start()
        yield f"http://{bridge}:{opened.server_address[1]}"
        opened.shutdown()


def door(address: str, port: int) -> ThreadingTCPServer:
    """What connects to any port of this address is passed on to the loopback's."""

    class Visitor(BaseRequestHandler):
        @override
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as inside:
                back = Thread(target=pump, args=(inside, self.request), daemon=True)
                back.start()
                pump(self.request, inside)
                back.join()

    class Door(ThreadingTCPServer):
        daemon_threads = True

    return Door((address, 0), Visitor)


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)
