"""Git's smart HTTP(S) protocol with limits that dulwich lacks: time, size, redirects."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, override
from urllib.parse import urlsplit

import urllib3
from dulwich.client import AbstractHttpGitClient
from urllib3.exceptions import HTTPError

from jobs.docs.adapters.git.credentials import Credentials
from jobs.docs.adapters.git.meanings import http_error
from jobs.kit.clock import now
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.outbound.final_response import connection_pools
from jobs.kit.outbound.retry_after import retry_after_s
from jobs.kit.peer_message import peer_message, redact

if TYPE_CHECKING:
    from dulwich.client import HTTPResponse

_MAX_ATTEMPTS: Final = 3
_TRANSIENT_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_PAUSE_S: Final = 30.0
_MAX_WORDS_BYTES: Final = 16_384
_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ERROR_PACKET: Final = re.compile(rb"[0-9a-f]{4}(?:ERR |\x03)([^\0\n]*)")
"""https://git-scm.com/docs/protocol-common: an error line, or one of the sideband for errors."""
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
        self._pool = connection_pools()
        self._secrets = (credentials.password, credentials.username) if credentials else ()
        self._host = urlsplit(url).hostname or ""
        self._tail = b""
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
            raise self._refusal(response)
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith("application/x-git-"):  # a web page, or git's dumb protocol
            response.close()
            raise UpstreamError(
                "The repository's URL is not a git repository",
                FailureClass.BAD_ANSWER,
                detail=f"git host: {response.status} {kind[:100]}",
            )
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
                pause = retry_after_s(response.headers, now=now()) or 0.5 * 2**attempt
                if last or pause > _MAX_PAUSE_S or response.status not in _TRANSIENT_STATUSES:
                    return response
                response.close()
            except HTTPError as error:
                pause = 0.5 * 2**attempt
                if last:
                    detail = f"git host: {self.redact(str(error))}"
                    raise UpstreamError(
                        UNREACHABLE, FailureClass.UNAVAILABLE, detail=detail
                    ) from None
            time.sleep(pause)
        raise AssertionError

    def _refusal(self, response: urllib3.BaseHTTPResponse) -> UpstreamError:
        words = ""
        with suppress(HTTPError):
            raw = response.read(_MAX_WORDS_BYTES)
            words = peer_message(raw.decode(errors="replace"), *self._secrets, self._host)
        response.close()
        location = response.headers.get("Location", "")
        asked = response.headers.get("WWW-Authenticate", "")
        return http_error(
            response.status,
            self.redact(f"{words} {asked}"),
            location=redact(location.partition("/info/refs")[0], *self._secrets),
            known=bool(self._secrets),
        )

    def redact(self, text: str) -> str:
        """Return a text of the host as one short line, without our credentials and its name."""
        return redact(text, *self._secrets, self._host)

    def remote_text(self) -> str:
        """Return what the host and its hooks said in the last answer (`remote: …`).

        dulwich replaces all letters beyond ASCII. https://git-scm.com/docs/protocol-common
        """
        said, at = b"", 0
        with suppress(ValueError):  # cut off at its beginning, or no packets
            while header := self._tail[at : at + 4]:
                end = at + max(int(header, 16), len(header))
                said += self._tail[at + 5 : end] if self._tail[at + 4 : at + 5] == b"\2" else b""
                at = end
        return _COLOUR.sub("", said.decode(errors="replace"))

    def last_error(self) -> str:
        """Return the message of an error packet in the last answer, if it had one."""
        found = _ERROR_PACKET.findall(self._tail)
        return self.redact(found[-1].decode(errors="replace")) if found else ""

    def _limit_size(self, response: urllib3.BaseHTTPResponse) -> Callable[[int], bytes]:
        self._tail = b""
        ends, bytes_left = time.monotonic() + self._limits.total, self._limits.bytes

        def read(size: int) -> bytes:
            nonlocal bytes_left
            gathered = b""
            while len(gathered) < size and (piece := self._piece(response, size - len(gathered))):
                gathered += piece
                bytes_left -= len(piece)
                if bytes_left < 0:
                    raise UpstreamError("The repository is too large", FailureClass.QUOTA)
                if time.monotonic() > ends:
                    raise UpstreamError(
                        "The repository's host is too slow", FailureClass.UNAVAILABLE
                    )
            self._tail = (self._tail + gathered)[-_MAX_WORDS_BYTES:]
            return gathered

        return read

    @staticmethod
    def _piece(response: urllib3.BaseHTTPResponse, size: int) -> bytes:
        """Return the available bytes, so that slow senders cannot delay the limits."""
        try:
            return response.read1(size)
        except HTTPError as error:
            raise UpstreamError(
                "The repository's host closed the connection", FailureClass.UNAVAILABLE
            ) from error
