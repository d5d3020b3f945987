"""Start gateways between real sockets."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from local.gateway.launch import run_gateway
from local.gateway.server import Upstreams
from local.kit.network import bind_port

type StartGateway = Callable[[Upstreams], int]


@pytest.fixture
def start_gateway(tmp_path) -> Iterator[StartGateway]:
    """Start a gateway to these upstreams; return its port."""
    with ExitStack() as cleanup:

        def start(upstreams: Upstreams) -> int:
            bound = bind_port(0)
            port = bound.getsockname()[1]
            process = cleanup.enter_context(run_gateway(bound, upstreams, tmp_path))
            process.wait_until(lambda: is_listening(port))
            return port

        yield start


def is_listening(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
