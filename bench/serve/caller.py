"""A client of the messaging API that takes little CPU, as the server has the same cores."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

JOBS: Final = "/api/messaging/jobs"
USER: Final = "22222222-2222-4222-8222-222222222222"
TIMEOUT_S: Final = 60.0
POLL_S: Final = 0.005
AT_A_TIME: Final = 8
ENDED: Final = frozenset({"completed", "failed", "timeout"})


@dataclass(frozen=True)
class Address:
    """Where a server is, and the key that it wants, if any."""

    name: str
    url: str
    key: str = ""


class CallError(Exception):
    """The server has refused a request."""


class Caller:
    """One connection, which is kept."""

    def __init__(self, address: Address) -> None:
        where = urlsplit(address.url)
        self._connection = http.client.HTTPConnection(
            where.hostname or "", where.port, timeout=TIMEOUT_S
        )
        self._headers = {"Content-Type": "application/json"}
        if address.key:
            self._headers["X-API-Key"] = address.key

    def close(self) -> None:
        self._connection.close()

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the answer. Raises `CallError`, `OSError` and `http.client.HTTPException`."""
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, {**self._headers, **(headers or {})})
        response = self._connection.getresponse()
        answer = response.read()
        if not http.HTTPStatus(response.status).is_success:
            raise CallError(f"{method} {path} was answered {response.status}: {answer[:200]!r}")
        return json.loads(answer)

    def create(self, content: str = "Hello", **headers: str) -> Any:
        """Send a message to the first agent; return the job."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", JOBS, {"userId": USER, "content": content}, named)

    def answer(self) -> Any:
        """Send a message, and wait for its end: in the request, or else by polls."""
        job = self.create(Prefer="wait=30")
        while job.get("status") not in ENDED:
            time.sleep(POLL_S)
            job = self.call("GET", f"{JOBS}/{job['jobId']}")
        return job

    def count_completed(self) -> int:
        counts = self.call("GET", f"{JOBS}/health")["statusCounts"]
        return int(counts["completed"])


@contextmanager
def connect(address: Address, count: int = AT_A_TIME) -> Iterator[Sequence[Caller]]:
    with ExitStack() as cleanup:
        yield [cleanup.enter_context(closing(Caller(address))) for _ in range(count)]


def measure_ms(work: Callable[[], object], times: int) -> list[float]:
    measured = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        measured.append((time.perf_counter() - began) * 1000)
    return measured


def measure_together_ms(callers: Sequence[Caller], times: int) -> list[float]:
    """Return the milliseconds of each answer while as many callers wait for one at a time."""
    with ThreadPoolExecutor(len(callers)) as pool:
        measured = pool.map(lambda each: measure_ms(each.answer, times), callers)
        return [ms for some in measured for ms in some]


def run_jobs(callers: Sequence[Caller], count: int) -> float:
    """Create jobs by all callers at once; return the seconds until all have completed."""
    before, began = callers[0].count_completed(), time.perf_counter()
    with ThreadPoolExecutor(len(callers)) as pool:
        share = -(-count // len(callers))
        created = [*pool.map(lambda each: [each.create() for _ in range(share)], callers)]
    total = sum(map(len, created))
    while callers[0].count_completed() < before + total:
        time.sleep(POLL_S)
    return (time.perf_counter() - began) * count / total
