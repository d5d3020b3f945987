"""Git's smart HTTP(S) protocol with limits that dulwich lacks: time, size, redirects."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, override

import urllib3
from dulwich.client import AbstractHttpGitClient
from urllib3.exceptions import HTTPError

from jobs.docs.adapters.git.credentials import Credentials
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import UpstreamError

if TYPE_CHECKING:
    from dulwich.client import HTTPResponse

_MAX_ATTEMPTS: Final = 3
_TRANSIENT_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_AGENT: Final = "git/sortie"  # hosts recognize git by this prefix
_WRITES: Final = "git-receive-pack"
UNREACHABLE: Final = "The repository's host cannot be reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Timeouts in seconds, and the maximum size of one response in bytes, as received."""

    connect: float = 5
    read: float = 30
    total: float = 120
    bytes: int = 200 * 2**20


class GitHttp(AbstractHttpGitClient):
    """dulwich's client over urllib3. It does not retry writes or follow redirects.

    Raises `UpstreamError` without URLs in the message.
    """

    def __init__(self, url: str, credentials: Credentials | None, limits: Limits) -> None:
        super().__init__(url, quiet=True)
        self._limits = limits
        self._pool = urllib3.PoolManager(retries=False)
        self._headers = {"User-Agent": _AGENT, **(credentials.basic if credentials else {})}

    @override
    def _http_request(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterator[bytes] | None = None,
        raise_for_status: bool = True,
    ) -> "tuple[HTTPResponse, Callable[[int], bytes]]":
        body = data if data is None or isinstance(data, bytes) else b"".join(data)
        response = self._answer(url, {**self._headers, **(headers or {})}, body)
        if response.status != HTTPStatus.OK:
            response.close()
            raise _refusal(response.status)
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith("application/x-git-"):  # a web page, or git's dumb protocol
            response.close()
            raise UpstreamError("The repository's URL is not a git repository")
        response.content_type = kind
        response.redirect_location = ""
        return response, self._limit_size(response)

    def _answer(self, url: str, headers: dict[str, str], body: bytes | None) -> Any:
        attempts = 1 if url.endswith(_WRITES) and body else _MAX_ATTEMPTS
        for attempt in range(attempts):
            last = attempt == attempts - 1
            try:
                response = self._pool.request(
                    "GET" if body is None else "POST",
                    url,
                    headers=headers,
                    body=body,
                    timeout=urllib3.Timeout(connect=self._limits.connect, read=self._limits.read),
                    redirect=False,
                    preload_content=False,
                )
                if last or response.status not in _TRANSIENT_STATUSES:
                    return response
                response.close()
            except HTTPError as error:
                if last:
                    raise UpstreamError(UNREACHABLE) from error
            time.sleep(0.5 * 2**attempt)
        raise AssertionError

    def _limit_size(self, response: urllib3.BaseHTTPResponse) -> Callable[[int], bytes]:
        ends, bytes_left = time.monotonic() + self._limits.total, self._limits.bytes

        def read(size: int) -> bytes:
            nonlocal bytes_left
            gathered = b""
            while len(gathered) < size and (piece := self._piece(response, size - len(gathered))):
                gathered += piece
                bytes_left -= len(piece)
                if bytes_left < 0:
                    raise UpstreamError("The repository is too large")
                if time.monotonic() > ends:
                    raise UpstreamError("The repository's host is too slow")
            return gathered

        return read

    @staticmethod
    def _piece(response: urllib3.BaseHTTPResponse, size: int) -> bytes:
        """Return the available bytes, so that slow senders cannot delay the limits."""
        try:
            return response.read1(size)
        except HTTPError as error:
            raise UpstreamError("The repository's host closed the connection") from error


def _refusal(status: int) -> UpstreamError:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return CredentialsRefusedError("The repository's host refused our credentials")
    if status == HTTPStatus.NOT_FOUND:
        return UpstreamError("The repository does not exist, or our credentials do not open it")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return UpstreamError("The repository has moved to another address")
    return UpstreamError("The repository's host has failed")
