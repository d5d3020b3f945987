"""A thousand connections that break while an agent speaks: no piece is lost or repeated."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from threading import Thread
from typing import Any, Final

from jobs.core.write_output import OutputWriter
from jobs.kit.asgi import CONTEXT_HEADER, make_app
from jobs.messaging.output import beginning
from jobs.payments.api import message_stream
from tests.streams.conftest import context
from tests.streams.messaging.conftest import JOBS

CUTS: Final = 1000
READERS: Final = 20
WORDS: Final = 900


class BrokenError(Exception):
    """The connection has broken."""


class Reader:
    """Reads complete events, as a browser's EventSource does, and comes back after each cut."""

    def __init__(self, job_id: str, dice: random.Random) -> None:
        self._path = f"{JOBS}/{job_id}/stream"
        self._dice = dice
        self._last: str | None = None
        self.read: list[tuple[str, str]] = []
        self.cuts = 0

    async def __call__(self, app: Any) -> None:
        while not self.read or self.read[-1][1] != "[DONE]":
            await self._connect(app, bytes_left=self._dice.randint(50, 2500))

    async def _connect(self, app: Any, bytes_left: int) -> None:
        headers = [(CONTEXT_HEADER.encode(), context().encode())]
        if self._last:
            headers.append((b"last-event-id", self._last.encode()))
        scope = {
            "type": "http", "method": "GET", "path": self._path, "raw_path": self._path.encode(),
            "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
            "server": ("x", 80),
        }  # fmt: skip
        received = b""

        async def send(message: Any) -> None:
            nonlocal received
            assert message.get("status", 200) == 200
            received += message.get("body", b"")
            if len(received) >= bytes_left:
                raise BrokenError

        requests = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            return requests.pop() if requests else await asyncio.Event().wait()

        try:
            await app(scope, receive, send)
        except* BrokenError:
            self.cuts += 1
        self._take(received[:bytes_left])

    def _take(self, received: bytes) -> None:
        for event in received.decode(errors="ignore").split("\n\n")[:-1]:
            if event.startswith("id: "):
                place, data = event.removeprefix("id: ").split("\ndata: ")
                self._last = place
                self.read.append((place, data))


def speak(world: Any, job: Any, words: Sequence[str]) -> None:
    with OutputWriter(world.log, job) as emit:
        for event in beginning(job, again=False):
            emit(event)
        for word in words:
            emit({"t": "text", "text": word})
            emit.flush()
            time.sleep(0.002)
        emit.end({"t": "finish", "reason": "stop", "in": 1, "out": 1})


def test_thousand_cuts_lose_and_double_nothing(agents, create, world) -> None:
    agents.away = True
    dice = random.Random(7)  # noqa: S311 - dice
    app = make_app(message_stream.ROUTES)
    job = create()
    words = [f"{n} ü{'x' * dice.randint(0, 30)} " for n in range(WORDS)]
    readers = [Reader(job.id, dice) for _ in range(READERS)]
    speaker = Thread(target=speak, args=(world, job, words))

    async def read_all() -> None:
        speaker.start()
        async with asyncio.timeout(20):
            await asyncio.gather(*(reader(app) for reader in readers))

    asyncio.run(read_all())

    speaker.join()
    assert sum(reader.cuts for reader in readers) >= CUTS
    for reader in readers:
        places = [place for place, _ in reader.read]
        assert len(set(places)) == len(places)
        chunks = [json.loads(data) for _, data in reader.read[:-1]]
        assert "".join(each.get("delta", "") for each in chunks) == "".join(words)
