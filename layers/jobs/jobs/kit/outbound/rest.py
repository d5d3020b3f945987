"""JSON over HTTP to providers, with deadline, size limit, retries and errors without secrets.

urllib3 because botocore has imported it already.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from jobs.kit import strict_json
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UpstreamError

_MAX_BODY_BYTES: Final = 2 * 2**20
_ATTEMPTS: Final = 4
_TRANSIENT_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_SUCCESS_STATUSES: Final = frozenset({200, 201})
_CHUNK: Final = 65536


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any


class RestClient:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pool = urllib3.PoolManager(retries=False)

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        deadline: Millis,
        body: Any = None,
    ) -> Reply:
        """Return the response, regardless of its status; only a success has a body.

        Transient errors are retried until the deadline. Retries are safe: every request is a read
        or has an idempotency key. Raises `UpstreamError` without a response, or without JSON in
        a success.
        """
        for attempt in range(_ATTEMPTS):
            reply, pause = self._attempt(method, url, headers, body, deadline)
            if reply and reply.status not in _TRANSIENT_STATUSES:
                return reply
            pause = pause or random.uniform(0.25, 0.5) * 2**attempt  # noqa: S311 - jitter
            if attempt == _ATTEMPTS - 1 or pause * 1000 >= deadline - self._clock():
                break
            time.sleep(pause)
        raise UpstreamError("The agent's provider is not available")

    def _attempt(
        self, method: str, url: str, headers: Mapping[str, str], body: Any, deadline: Millis
    ) -> tuple[Reply | None, float]:
        left = max(0.001, (deadline - self._clock()) / 1000)
        sent = None if body is None else strict_json.dumps(body).encode()
        try:
            response = self._pool.request(
                method,
                url,
                headers={"Content-Type": "application/json", **headers},
                body=sent,
                timeout=urllib3.Timeout(connect=min(5.0, left), read=left),
                redirect=False,
                preload_content=False,
            )
            try:
                raw = self._read(response, deadline)
            finally:
                response.close()
        except HTTPError:
            return None, 0
        except ValueError:  # its message holds the invalid header, key included
            raise UpstreamError("The agent's provider is misconfigured") from None
        if response.status in _TRANSIENT_STATUSES:
            after = response.headers.get("Retry-After", "")
            return Reply(response.status, None), float(after) if after.isdecimal() else 0
        return Reply(
            response.status, _parse_json(raw) if response.status in _SUCCESS_STATUSES else None
        ), 0

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: Millis) -> bytes:
        raw = b""
        while chunk := response.read1(_CHUNK):
            raw += chunk
            if len(raw) > _MAX_BODY_BYTES:
                raise UpstreamError("The agent's answer is too large")
            if self._clock() >= deadline:
                raise UpstreamError("The agent's provider is not available")
        return raw


def _parse_json(raw: bytes) -> Any:
    try:
        return strict_json.loads(raw.decode())
    except ValueError as error:
        raise UpstreamError("The agent's answer is malformed") from error
