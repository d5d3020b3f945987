"""Start gateways between real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.gateway.launch import run_gateway
from local.gateway.server import Upstreams
from local.gateway.websocket import QUOTAS, Timeouts
from local.kit.network import bind_port

type StartGateway = Callable[..., int]


@pytest.fixture
def start_gateway(tmp_path) -> Iterator[StartGateway]:
    """Start a gateway to these upstreams; return its port."""
    with ExitStack() as cleanup:

        def start(upstreams: Upstreams, timeouts: Timeouts = QUOTAS) -> int:
            bound = bind_port(0)
            port = bound.getsockname()[1]
            process = cleanup.enter_context(run_gateway(bound, upstreams, tmp_path, timeouts))
            process.wait_until(lambda: is_listening(port))
            return port

        yield start


@contextmanager
def run_server(handler: type[BaseHTTPRequestHandler], **attributes: Any) -> Iterator[Any]:
    """Serve on a free port; yield a subclass of the handler with these attributes and `port`."""
    subclass: Any = type("Handler", (handler,), attributes)
    with ThreadingHTTPServer(("127.0.0.1", 0), subclass) as server:
        subclass.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield subclass
        server.shutdown()
        thread.join()


def is_listening(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
