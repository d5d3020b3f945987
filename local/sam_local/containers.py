"""Prepare the containers of `sam local`: a route to the emulated AWS, and a layer."""

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
"""The image of the layer that the template names."""
WRAPPER = """\
#!/bin/sh
exec "$LAMBDA_TASK_ROOT/$_HANDLER"
"""
CHUNK_BYTES = 65_536


def run_docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        ["docker", *arguments],  # noqa: S607 - found on PATH
        check=False,
        capture_output=True,
        text=True,
    )


def is_docker_running() -> bool:
    return shutil.which("docker") is not None and run_docker("info").returncode == 0


def extract_web_adapter(folder: Path) -> Path:
    """Create a layer from the public image of the Lambda Web Adapter.

    To download the layer itself, `sam` would need AWS credentials.

    Raises:
        LocalStackError: Docker cannot load the image.

    """
    created = run_docker("create", ADAPTER_IMAGE, "/lambda-adapter")
    if created.returncode:
        raise LocalStackError(created.stderr)
    container = created.stdout.strip()
    layer = create_adapter_layer(folder)
    copied = run_docker("cp", f"{container}:/lambda-adapter", str(layer / "extensions"))
    run_docker("rm", container)
    if copied.returncode:
        raise LocalStackError(copied.stderr)
    return layer


def create_adapter_layer(folder: Path) -> Path:
    """Create the layer without the program itself, which belongs into `extensions`."""
    (folder / "extensions").mkdir(parents=True, exist_ok=True)
    wrapper = folder / "bootstrap"
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    return folder


@contextmanager
def expose(aws_endpoint_url: str) -> Iterator[str]:
    """Yield the emulated AWS's URL for containers; it listens on the loopback interface only.

    Docker Desktop provides a host name for that. On Linux, `sam` cannot use the host's network,
    whatever its --docker-network is. So a forwarder listens on Docker's bridge, which other
    machines cannot reach.
    """
    port = int(aws_endpoint_url.rpartition(":")[2])
    found = run_docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}")
    try:
        bridge = found.stdout.strip()
        forwarder = create_forwarder(bridge, port)
    except OSError:
        yield f"http://host.docker.internal:{port}"
        return
    with forwarder:
        Thread(target=forwarder.serve_forever, daemon=True).start()
        yield f"http://{bridge}:{forwarder.server_address[1]}"
        forwarder.shutdown()


def create_forwarder(address: str, port: int) -> ThreadingTCPServer:
    """Listen on any port of the address; forward connections to this port of the loopback."""

    class Connection(BaseRequestHandler):
        @override
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as target:
                back = Thread(target=pump, args=(target, self.request), daemon=True)
                back.start()
                pump(self.request, target)
                back.join()

    class Forwarder(ThreadingTCPServer):
        daemon_threads = True

    return Forwarder((address, 0), Connection)


def pump(source: socket.socket, target: socket.socket) -> None:
    """Forward bytes in one direction until the source closes."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
