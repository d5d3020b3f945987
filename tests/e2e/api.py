"""A client of the public API: HTTP through the gateway."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, Final

JOBS: Final = "/api/messaging/jobs"
USER: Final = "550e8400-e29b-41d4-a716-446655440000"
ENDED: Final = {"completed", "failed", "timeout"}
TIMEOUT_S: Final = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        """Return status and text of an error; check the shape that all errors share."""
        assert self.json.keys() >= {"success", "error", "code"}
        assert self.json["success"] is False
        return self.status, self.json["error"]


@dataclass(frozen=True)
class Api:
    """A caller with an API key, or without one if `key` is None."""

    base_url: str
    key: str | None
    tenant: str

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        credential = {} if self.key is None else {"X-API-Key": self.key}
        where = urllib.parse.urlsplit(self.base_url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        with closing(connection):
            with suppress(BrokenPipeError, ConnectionResetError):  # the server refused early
                connection.request(method, path, body, {**credential, **(headers or {})})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """Send bytes unchanged and anything else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, raw, {"Content-Type": "application/json", **(headers or {})})

    def ask(self, content: str = "Hello", *, headers: Any = None, **fields: Any) -> Answer:
        return self.post(JOBS, {"userId": USER, "content": content, **fields}, headers)

    def create(self, content: str = "Hello", **fields: Any) -> str:
        """Create a job and return its id."""
        answer = self.ask(content, **fields)
        assert answer.status == 201, answer
        return str(answer.json["jobId"])

    def job(self, job_id: str) -> Any:
        answer = self.get(f"{JOBS}/{job_id}")
        assert answer.status == 200, answer
        return answer.json

    def cancel(self, job_id: str) -> Answer:
        return self.send("POST", f"{JOBS}/{job_id}/cancel")

    def listed(self, **query: Any) -> Any:
        answer = self.get(f"{JOBS}?{urllib.parse.urlencode(query)}")
        assert answer.status == 200, answer
        return answer.json

    def health(self) -> Any:
        answer = self.get(f"{JOBS}/health")
        assert answer.status == 200, answer
        return answer.json

    def until(self, job_id: str, *statuses: str, seconds: float = TIMEOUT_S) -> Any:
        """Return the job once it has one of `statuses`, by default once it has ended."""
        wanted = statuses or ENDED
        return eventually(
            lambda: self.job(job_id), lambda job: job["status"] in wanted, seconds=seconds
        )


def eventually[T](
    look: Callable[[], T],
    accept: Callable[[T], Any],
    *,
    seconds: float = TIMEOUT_S,
    pause: float = 0.3,
) -> T:
    """Poll `look` until `accept` holds for its result; fail after `seconds`.

    The pauses grow up to `pause`: every poll costs the stack CPU time.
    """
    ends, wait = time.monotonic() + seconds, 0.05
    while True:
        seen = look()
        if accept(seen):
            return seen
        assert time.monotonic() < ends, f"after {seconds} s still {seen!r}"
        time.sleep(wait)
        wait = min(wait * 1.2, pause)
