"""Sans-I/O calls: a flow is a generator that yields effects and receives their results.

Each API method is one flow. `SyncRunner` and `AsyncRunner` perform its effects, so it is written
once. A runner throws `ConnectionFailedError` into the flow when a connection fails, and `ApiError`
when the server refuses a WebSocket.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sortie_client.errors import UnexpectedResponseError

_SUCCESS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Request:
    """Send an HTTP request; the result is its `Response`.

    `idempotent`: sending it twice has the same effect as sending it once. `streamed`: the flow
    reads the body with `Receive`. `timeout_s`: how long the server may be silent; None is the
    client's default.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    idempotent: bool = True
    streamed: bool = False
    timeout_s: float | None = None


@dataclass(frozen=True)
class Connect:
    """Open a WebSocket; the flow reads its messages with `Receive`."""

    url: str


@dataclass(frozen=True)
class Receive:
    """Read from the open stream or WebSocket; the result is None at its end."""


@dataclass(frozen=True)
class Sleep:
    seconds: float


@dataclass(frozen=True)
class Offer:
    """The content of a 402 response for `url`; names of `headers` are in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Pay:
    """Accept an offer; the result is the payment's headers, or None without a payment hook."""

    offer: Offer


@dataclass(frozen=True)
class Emit[E]:
    """Pass an item to the caller that iterates over the flow."""

    item: E


type Effect = Request | Connect | Receive | Sleep | Pay
type Flow[T] = Generator[Effect, Any, T]
type StreamFlow[E, T] = Generator[Effect | Emit[E], Any, T]


@dataclass(frozen=True)
class Response:
    """Names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def is_success(self) -> bool:
        return self.status // 100 == _SUCCESS

    @cached_property
    def json(self) -> Any:
        """Return the decoded body. Raises `UnexpectedResponseError`."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise UnexpectedResponseError(f"The response of {self.url} is not JSON") from error

    def field(self, name: str) -> Any:
        """Return a field of the JSON body, or None without such a field."""
        return self.json.get(name) if isinstance(self.json, dict) else None
