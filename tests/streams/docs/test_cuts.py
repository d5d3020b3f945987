"""Connections that break at any byte: no event is lost or repeated."""

import json
import random
import re
import time
from threading import Thread

import pytest

from tests.streams.conftest import PATH, SSE

CUTS = 50
EVENT = re.compile(rb"id: ([0-9.]+)\ndata: (.*)\n\n")


class Reader:
    """Reads complete events only, as a browser's EventSource does."""

    def __init__(self) -> None:
        self.place: str | None = None
        self.read: list[str] = []
        self._rest = b""

    def take(self, data: bytes) -> None:
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            if found := EVENT.fullmatch(event + b"\n\n"):
                self.place = found[1].decode()
                self.read.append(found[2].decode())

    def cut(self) -> None:
        self._rest = b""

    @property
    def headers(self) -> dict[str, str]:
        return SSE | ({"Last-Event-ID": self.place} if self.place else {})


def speak(world, job_id: str, dice: random.Random, words: int) -> None:
    """Append a number of words in batches, between tool calls."""
    left = [{"t": "text", "text": f"{n} ü\n" * dice.randint(1, 5)} for n in range(words)]
    for n in range(0, words, 5):
        left.insert(dice.randrange(len(left)), {"t": "data", "name": "todos", "data": {"n": n}})
    while left:
        count = dice.randint(1, 4)
        said, left = left[:count], left[count:]
        world.append_output(job_id, *said)
        time.sleep(0.005)
    world.append_output(job_id, {"t": "finish", "reason": "stop", "in": 1, "out": 1}, end=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stream_interrupted_repeatedly_is_complete(create, ask, world, seed) -> None:
    dice = random.Random(seed)  # noqa: S311 - dice
    job_id = create().getheader("X-Session-Id")
    speaker = Thread(target=speak, args=(world, job_id, dice, 200))
    speaker.start()
    reader = Reader()

    for _ in range(CUTS):
        answer = ask("GET", f"{PATH}/{job_id}/stream", headers=reader.headers)
        reader.take(answer.read(dice.randint(1, 600)))  # fewer only at the end of the stream
        answer.close()
        reader.cut()
    reader.take(ask("GET", f"{PATH}/{job_id}/stream", headers=reader.headers).read())

    speaker.join()
    whole = Reader()
    whole.take(ask("GET", f"{PATH}/{job_id}/stream", headers=SSE).read())
    assert reader.read == whole.read
    assert whole.read[-1] == "[DONE]"
    words = [json.loads(each).get("delta", "") for each in whole.read[:-1]]
    assert [word.split()[0] for word in words if word] == [str(n) for n in range(200)]
