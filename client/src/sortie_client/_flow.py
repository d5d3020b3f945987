"""A call as a generator that does no I/O: it yields what it wants done and is sent what came of it.

So each call is written once, and played twice: by threads that wait (`_blocking`) and by those that
await (`_awaiting`). What breaks is thrown into it as `ConnectionFailedError`.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sortie_client.errors import UnexpectedAnswerError

_SUCCESS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Request:
    """Is answered with an `Answer`; if `streamed`, one whose body is `Read` piece by piece.

    `repeatable`: asking twice does no more than asking once. `seconds`: how long the server may be
    silent, where that is not the client's default.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    streamed: bool = False
    seconds: float | None = None


@dataclass(frozen=True)
class Connect:
    """Open a WebSocket; its messages are `Read`."""

    url: str


@dataclass(frozen=True)
class Read:
    """Is answered with the next piece of what was opened last; with None at its end."""


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Offer:
    """A 402: `headers` (names in lower case) and `body` say what is wanted for `url`."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Pay:
    """Is answered with the headers of a payment; with None where nobody pays."""

    offer: Offer


@dataclass(frozen=True)
class Give[E]:
    """Hand an item to whoever iterates."""

    item: E


type Effect = Request | Connect | Read | Pause | Pay
type Flow[T] = Generator[Effect, Any, T]
type Giving[E, T] = Generator[Effect | Give[E], Any, T]


@dataclass(frozen=True)
class Answer:
    """`headers` by names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def is_success(self) -> bool:
        return self.status // 100 == _SUCCESS

    @cached_property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise UnexpectedAnswerError(
                f"{self.url} answers with something else than JSON"
            ) from error

    def part(self, name: str) -> Any:
        """Return what the answer has of this name; None if it has nothing."""
        return self.json.get(name) if isinstance(self.json, dict) else None
