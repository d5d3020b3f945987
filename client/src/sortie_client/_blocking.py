"""Plays flows in the thread that calls."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from typing import Any, Final, Self

import httpx

from sortie_client import _wire
from sortie_client._flow import (
    Answer,
    Connect,
    Effect,
    Give,
    Giving,
    Offer,
    Pause,
    Pay,
    Read,
    Request,
)
from sortie_client.errors import ConnectionFailedError

_PULSE_S: Final = 0.5

type Payment = Callable[[Offer], Mapping[str, str]]


class Player:
    def __init__(self, http: httpx.Client, payment: Payment | None) -> None:
        self._http = http
        self._payment = payment

    def run[T](self, flow: Giving[Any, T]) -> T:
        playing = self._played(flow)
        while True:
            try:
                next(playing)
            except StopIteration as end:
                result: T = end.value
                return result

    def play[E](self, flow: Giving[E, object]) -> Generator[E]:
        yield from self._played(flow)

    def _played[E, T](self, flow: Giving[E, T]) -> Generator[E, None, T]:
        with closing(flow), Line(self._http, self._payment) as line:
            go_on: Callable[[Any], Effect | Give[E]] = flow.send
            outcome: Any = None
            while True:
                try:
                    wanted = go_on(outcome)
                except StopIteration as end:
                    result: T = end.value
                    return result
                go_on, outcome = flow.send, None
                if isinstance(wanted, Give):
                    yield wanted.item
                    continue
                try:
                    outcome = line.do(wanted)
                except ConnectionFailedError as failure:
                    go_on, outcome = flow.throw, failure


class Line:
    """What one flow has open: nothing, an answer that streams, or a WebSocket."""

    def __init__(self, http: httpx.Client, payment: Payment | None) -> None:
        self._http = http
        self._payment = payment
        self._open = ExitStack()
        self._pieces: Iterator[bytes | str] = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def do(self, wanted: Effect) -> Any:
        match wanted:
            case Request(streamed=True):
                return self._stream(wanted)
            case Request():
                return self._ask(wanted)
            case Connect(url):
                return self._connect(url)
            case Read():
                return next(self._pieces, None)
            case Pause(seconds):
                return time.sleep(seconds)
            case Pay(offer):
                return self._payment(offer) if self._payment else None

    def _ask(self, request: Request) -> Answer:
        with _wire.failures():
            response = self._http.send(self._http.build_request(**_wire.asked(request)))
            return _wire.answer(response, response.content)

    def _stream(self, request: Request) -> Answer:
        self._open.close()
        asked = self._http.build_request(**_wire.asked(request))
        with _wire.failures():
            response = self._http.send(asked, stream=True)
            self._open.callback(response.close)
            self._pieces = _bytes(response)
            return _wire.answer(response, b"" if response.is_success else response.read())

    def _connect(self, url: str) -> None:
        try:
            from websockets.sync.client import connect  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise _wire.no_sockets() from error
        self._open.close()
        with _wire.socket_failures():
            self._pieces = _messages(self._open.enter_context(connect(url)))


def _bytes(response: httpx.Response) -> Iterator[bytes]:
    with _wire.failures():
        yield from response.iter_bytes()


def _messages(socket: Any) -> Iterator[str]:
    """Read until the server closes; a wait that never ends may miss a Ctrl-C that precedes it."""
    from websockets.exceptions import ConnectionClosedOK  # noqa: PLC0415 - an extra

    with _wire.socket_failures(), suppress(ConnectionClosedOK):
        while True:
            with suppress(TimeoutError):
                yield socket.recv(timeout=_PULSE_S)
