"""Answer requests to AWS as the emulator has answered the same request before.

So no measured process waits for the emulator, whose work would also empty the processor's caches.
Two requests of one access key are the same if they differ only in ids and numbers. The emulator
sees its own access key. usage: replay.py EMULATOR_URL ACCESS_KEY
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, override
from urllib.parse import urlsplit

_VARYING: Final = re.compile("[0-9a-f]{8}[0-9a-f-]{4,}|[0-9]+")

type Answer = tuple[int, list[tuple[str, str]], bytes]


@contextmanager
def replaying(emulator_url: str) -> Iterator[str]:
    """Run the server in a process of its own, and yield its URL."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, Path(__file__), emulator_url, os.environ["AWS_ACCESS_KEY_ID"]],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, emulator_url: str, access_key: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.emulator = urlsplit(emulator_url).netloc
        self.access_key = access_key
        self.known: dict[tuple[str, str, str], Answer] = {}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # of any method
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whose = self.headers.get("Authorization", "").partition("/")[0]
        target = f"{self.command} {self.path} {self.headers.get('X-Amz-Target')}"
        key = whose, _VARYING.sub("#", target), _VARYING.sub("#", body.decode())
        answer = self.server.known.get(key)
        if answer is None:
            answer = self._ask(body)
            if answer[0] < 300:  # noqa: PLR2004 - a success
                self.server.known[key] = answer
        status, headers, content = answer
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def _ask(self, body: bytes) -> Answer:
        connection = HTTPConnection(self.server.emulator)
        headers = dict(self.headers)
        signature = next((name for name in headers if name.lower() == "authorization"), None)
        if signature:
            own = f"Credential={self.server.access_key}/"
            headers[signature] = re.sub("Credential=[^/]+/", own, headers[signature])
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        ours = {"connection", "content-length", "transfer-encoding"}
        kept = [(n, value) for n, value in response.getheaders() if n.lower() not in ours]
        return response.status, kept, content

    @override
    def log_message(self, *_: Any) -> None:
        """Log nothing."""


if __name__ == "__main__":
    with _Server(*sys.argv[1:]) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
