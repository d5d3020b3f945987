"""JSON requests over HTTP, bounded in time and size, without redirects.

urllib3 because botocore has imported it already. Errors contain no URL, because the URL of an RPC
provider often contains our key.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from jobs.kit import strict_json
from jobs.kit.errors import FailureClass
from jobs.kit.outbound.final_response import connection_pools

_CONNECT_S: Final = 3.0
_MAX_BYTES: Final = 2 * 2**20
_CHUNK: Final = 65536
_CLASSES: Final[Mapping[int, FailureClass]] = {
    HTTPStatus.UNAUTHORIZED: FailureClass.CREDENTIALS,
    HTTPStatus.FORBIDDEN: FailureClass.CREDENTIALS,
    HTTPStatus.NOT_FOUND: FailureClass.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: FailureClass.QUOTA,
}


class NoResponseError(Exception):
    """The request may or may not have arrived. The message contains no URL."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is None unless it is JSON."""

    status: int
    body: Any

    @property
    def failure_class(self) -> FailureClass:
        """The class of the failure, if this reply is not the one that was asked for."""
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return FailureClass.UNAVAILABLE
        return _CLASSES.get(self.status, FailureClass.BAD_ANSWER)


class JsonPost:
    def __init__(self) -> None:
        self._pool = connection_pools()

    def __call__(
        self, url: str, body: Any, *, timeout: float, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Return the response within `timeout` seconds, regardless of its status.

        Raises `NoResponseError`.
        """
        if not url.startswith(("https://", "http://")):
            raise NoResponseError("no URL is configured")
        deadline = time.monotonic() + timeout
        try:
            response = self._pool.request(
                "POST",
                url,
                headers={
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                    "User-Agent": "sortie",
                    **(headers or {}),
                },
                body=strict_json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=min(_CONNECT_S, timeout), total=timeout),
                redirect=False,
                preload_content=False,
            )
            try:
                raw = _read(response, deadline)
            except BaseException:
                response.close()  # the rest of this response must not be read as another one
                raise
            response.release_conn()
        except HTTPError as error:
            raise NoResponseError(type(error).__name__) from None
        except ValueError:  # its message holds the invalid header, token included
            raise NoResponseError("invalid request") from None
        return Reply(response.status, _parse_json(raw))


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    raw = b""
    while chunk := response.read1(_CHUNK):
        raw += chunk
        if len(raw) > _MAX_BYTES:
            raise NoResponseError("response too large")
        if time.monotonic() >= deadline:
            raise NoResponseError("response too slow")
    return raw


def _parse_json(raw: bytes) -> Any:
    try:
        return strict_json.loads(raw.decode())
    except ValueError:
        return None
