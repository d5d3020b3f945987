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

from jobs.kit import lenient_json, strict_json
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.outbound.final_response import connection_pools
from jobs.kit.outbound.retry_after import retry_after_s
from jobs.kit.outbound.statuses import is_transient
from jobs.kit.peer_message import peer_message

_MAX_BODY_BYTES: Final = 2 * 2**20
_ATTEMPTS: Final = 4
_SUCCESS_STATUSES: Final = frozenset({200, 201})
_TOO_MANY_REQUESTS: Final = 429
_CHUNK: Final = 65536
_UNAVAILABLE: Final = "The agent's provider is not available"


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is JSON, of a success only. `detail`: the status and message of an error."""

    status: int
    body: Any = None
    detail: str = ""
    retry_after_s: float = 0


class RestClient:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pool = connection_pools()

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
        reply = Reply(0)
        for attempt in range(_ATTEMPTS):
            reply = self._attempt(method, url, headers, body, deadline)
            if reply.status and not is_transient(reply.status):
                return reply
            pause = reply.retry_after_s or random.uniform(0.25, 0.5) * 2**attempt  # noqa: S311 - jitter
            if attempt == _ATTEMPTS - 1 or pause * 1000 >= deadline - self._clock():
                break
            time.sleep(pause)
        if reply.status == _TOO_MANY_REQUESTS:
            raise UpstreamError(
                "The agent's provider limits our requests; try again later",
                FailureClass.QUOTA,
                detail=reply.detail,
            )
        raise UpstreamError(_UNAVAILABLE, FailureClass.UNAVAILABLE, detail=reply.detail)

    def _attempt(
        self, method: str, url: str, headers: Mapping[str, str], body: Any, deadline: Millis
    ) -> Reply:
        """Return the response; without one, the status is 0."""
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
        except HTTPError as error:
            return Reply(0, detail=type(error).__name__)
        except ValueError:  # its message holds the invalid header, key included
            raise UpstreamError(
                "The agent's provider is misconfigured", FailureClass.CREDENTIALS
            ) from None
        text = lenient_json.decode(raw, response.headers.get("Content-Type", ""))
        if response.status in _SUCCESS_STATUSES:
            return Reply(response.status, _parse_json(text))
        return Reply(
            response.status,
            detail=f"HTTP {response.status}: {peer_message(text, *headers.values())}",
            retry_after_s=retry_after_s(response.headers, now=self._clock()),
        )

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: Millis) -> bytes:
        raw = b""
        while chunk := response.read1(_CHUNK):
            raw += chunk
            if len(raw) > _MAX_BODY_BYTES:
                raise UpstreamError("The agent's answer is too large", FailureClass.QUOTA)
            if self._clock() >= deadline:
                raise UpstreamError(_UNAVAILABLE, FailureClass.TIMEOUT, detail="too slow")
        return raw


def _parse_json(text: str) -> Any:
    try:
        return lenient_json.loads(text)
    except ValueError as error:
        raise UpstreamError(
            "The agent's answer is malformed", FailureClass.BAD_ANSWER, detail=str(error)[:200]
        ) from error
