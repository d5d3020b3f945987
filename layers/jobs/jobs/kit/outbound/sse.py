"""Answers of models over HTTP: server-sent events or one JSON document, with limits, retried."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from itertools import chain
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from jobs.kit import lenient_json, strict_json
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.outbound.event_reader import EventReader, ServerEvent
from jobs.kit.outbound.final_response import connection_pools
from jobs.kit.outbound.retry_after import retry_after_s

IDLE_S: Final = 180.0
"""The longest pause between two chunks: a server may load its model first."""
MAX_BYTES: Final = 8 * 2**20
_MAX_ERROR_BYTES: Final = 64 * 1024
_ATTEMPTS: Final = 4
_CHUNK: Final = 65536
_SUCCESS_STATUSES: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
UNAVAILABLE: Final = "The agent's provider is not available"
INVALID_ANSWER: Final = "The agent's answer is malformed"
CUT_OFF: Final = "The agent's answer was cut off"
TOO_LARGE: Final = "The agent's answer is too large"


class TransientError(UpstreamError):
    """A transient error; `after`: seconds of the server's Retry-After."""

    def __init__(
        self,
        reason: str,
        failure_class: FailureClass = FailureClass.UNAVAILABLE,
        *,
        after: float = 0,
        detail: str = "",
    ) -> None:
        super().__init__(reason, failure_class, detail=detail)
        self.after = after


class PeerError(Exception):
    """The peer answered with an error. `status` is 0 for an error that has none."""

    def __init__(self, status: int, body: str, *, after: float = 0) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.after = after


class EventStream:
    def __init__(self, clock: Clock, *, idle: float = IDLE_S) -> None:
        self._clock = clock
        self._idle = idle
        self._pool = connection_pools()

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
    ) -> Iterator[ServerEvent]:
        """Yield the events of the response, or its JSON as one event.

        Raises `PeerError` for an error response, `UpstreamError`, `TransientError`.
        """
        left = max(0.001, (deadline - self._clock()) / 1000)
        try:
            response = self._pool.request(
                "POST",
                url,
                headers={"Content-Type": "application/json", **headers},
                body=strict_json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=min(5.0, left), read=min(self._idle, left)),
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            raise TransientError(UNAVAILABLE, detail=type(error).__name__) from error
        except ValueError:  # its message holds the invalid header, key included
            raise UpstreamError(
                "The agent's provider is misconfigured",
                FailureClass.CREDENTIALS,
                detail="the key or the URL has characters that no HTTP request can have",
            ) from None
        try:
            chunks = self._chunks(response, deadline)
            if response.status not in _SUCCESS_STATUSES:
                after = retry_after_s(response.headers, now=self._clock())
                raise PeerError(response.status, _error_body(chunks), after=after)
            yield from _events(chunks, response.headers.get("Content-Type", ""))
        except HTTPError as error:
            raise TransientError(CUT_OFF, detail=type(error).__name__) from error
        finally:
            response.close()

    def _chunks(self, response: urllib3.BaseHTTPResponse, deadline: Millis) -> Iterator[bytes]:
        size = 0
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > MAX_BYTES:
                raise UpstreamError(TOO_LARGE, FailureClass.QUOTA)
            if self._clock() >= deadline:
                raise UpstreamError(UNAVAILABLE, FailureClass.TIMEOUT, detail="too slow")
            yield chunk


def _events(chunks: Iterator[bytes], content_type: str) -> Iterator[ServerEvent]:
    """Judge by the first character: not every endpoint streams, or names its content type."""
    head = b""
    for chunk in chunks:
        head += chunk
        if start := head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]:
            break
    else:
        return
    if start == b"<":
        raise UpstreamError(
            "The agent's provider sent a web page, no answer",
            FailureClass.BAD_ANSWER,
            detail=f"{content_type[:100]}; is the base URL right?",
        )
    if start in b"{[":
        yield ServerEvent(lenient_json.decode(head + b"".join(chunks), content_type))
        return
    reader = EventReader()
    for chunk in chain([head], chunks):
        yield from reader.feed(chunk)
    yield from reader.end()
    if reader.is_unused:
        raise UpstreamError(
            INVALID_ANSWER, FailureClass.BAD_ANSWER, detail="neither JSON nor an event stream"
        )


def _error_body(chunks: Iterator[bytes]) -> str:
    """Return the beginning of an error's body; what can be read of it."""
    raw = b""
    try:
        for chunk in chunks:
            raw += chunk
            if len(raw) >= _MAX_ERROR_BYTES:
                break
    except (HTTPError, UpstreamError):
        pass
    return lenient_json.decode(raw[:_MAX_ERROR_BYTES])
