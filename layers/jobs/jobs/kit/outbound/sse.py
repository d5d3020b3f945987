"""Server-sent events over HTTP for streaming models, with limits and retries."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from jobs.kit import strict_json
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UpstreamError

IDLE_S: Final = 60.0
"""The longest pause between two chunks."""
MAX_BYTES: Final = 8 * 2**20
_ATTEMPTS: Final = 4
_TRANSIENT_STATUSES: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_CHUNK: Final = 65536
UNAVAILABLE: Final = "The agent's provider is not available"


class TransientError(UpstreamError):
    """A transient error; `after`: seconds of the server's Retry-After."""

    def __init__(self, reason: str, after: float = 0) -> None:
        super().__init__(reason)
        self.after = after


class EventStream:
    def __init__(self, clock: Clock, *, idle: float = IDLE_S) -> None:
        self._clock = clock
        self._idle = idle
        self._pool = urllib3.PoolManager(retries=False)

    def retry[T](
        self, attempt: Callable[[], T], *, repeatable: Callable[[], bool], deadline: Millis
    ) -> T:
        """Call `attempt`, again after each `TransientError` while `repeatable` returns true."""
        for number in range(_ATTEMPTS):
            try:
                return attempt()
            except TransientError as failure:
                pause = failure.after or random.uniform(0.25, 0.5) * 2**number  # noqa: S311
                left = (deadline - self._clock()) / 1000
                if number == _ATTEMPTS - 1 or pause >= left or not repeatable():
                    raise
                time.sleep(pause)
        raise AssertionError

    def post(
        self, url: str, *, headers: Mapping[str, str], body: Any, deadline: Millis
    ) -> Iterator[str]:
        """Yield the data of each event. Raises `UpstreamError`, `TransientError`."""
        left = max(0.001, (deadline - self._clock()) / 1000)
        try:
            response = self._pool.request(
                "POST",
                url,
                headers={
                    "Content-Type": "application/json",
                    "Accept": "text/event-stream",
                    **headers,
                },
                body=strict_json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=min(5.0, left), read=min(self._idle, left)),
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            raise TransientError(UNAVAILABLE) from error
        except ValueError:  # its message holds the invalid header, key included
            raise UpstreamError("The agent's provider is misconfigured") from None
        try:
            if response.status in _TRANSIENT_STATUSES:
                after = response.headers.get("Retry-After", "")
                raise TransientError(UNAVAILABLE, float(after) if after.isdecimal() else 0)
            if response.status != HTTPStatus.OK:
                raise UpstreamError("The agent's model refused the request")
            yield from self._events(response, deadline)
        except HTTPError as error:
            raise TransientError("The agent's answer was cut off") from error
        finally:
            response.close()

    def _events(self, response: urllib3.BaseHTTPResponse, deadline: Millis) -> Iterator[str]:
        partial, size = b"", 0
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > MAX_BYTES:
                raise UpstreamError("The agent's answer is too large")
            if self._clock() >= deadline:
                raise UpstreamError(UNAVAILABLE)
            *lines, partial = (partial + chunk).split(b"\n")
            for line in lines:
                if line.startswith(b"data:"):
                    yield line[5:].strip().decode(errors="replace")
