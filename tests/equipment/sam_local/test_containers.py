"""The forwarder that connects containers to the loopback interface."""

import socket
from threading import Thread

from local.sam_local.containers import create_forwarder


def test_forwarder_passes_bytes_in_both_directions() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        forwarder = create_forwarder("127.0.0.1", server.getsockname()[1])
        with forwarder:
            Thread(target=forwarder.serve_forever, daemon=True).start()
            with socket.create_connection(forwarder.server_address) as client:
                accepted, _ = server.accept()
                with accepted:
                    client.sendall(b"ping")
                    client.shutdown(socket.SHUT_WR)
                    request = accepted.makefile("rb").read()
                    accepted.sendall(b"pong")
                response = client.makefile("rb").read()
            forwarder.shutdown()

    assert (request, response) == (b"ping", b"pong")
