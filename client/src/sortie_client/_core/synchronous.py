"""The runner of flows for synchronous programs."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from typing import Any, Final, Self

import httpx

from sortie_client._core import http
from sortie_client._core.flow import (
    Connect,
    Effect,
    Emit,
    Offer,
    Pay,
    Receive,
    Request,
    Response,
    Sleep,
    StreamFlow,
)
from sortie_client.errors import ApiError, ConnectionFailedError

_RECEIVE_TIMEOUT_S: Final = 0.5

type Payment = Callable[[Offer], Mapping[str, str]]


class SyncRunner:
    """Performs the effects of flows in the calling thread."""

    def __init__(self, client: httpx.Client, payment: Payment | None) -> None:
        self._client = client
        self._payment = payment

    def run[T](self, flow: StreamFlow[Any, T]) -> T:
        """Return the flow's result."""
        items = self._perform(flow)
        while True:
            try:
                next(items)
            except StopIteration as end:
                result: T = end.value
                return result

    def iterate[E](self, flow: StreamFlow[E, object]) -> Generator[E, None, None]:
        """Yield the flow's items."""
        yield from self._perform(flow)

    def _perform[E, T](self, flow: StreamFlow[E, T]) -> Generator[E, None, T]:
        with closing(flow), _Connection(self._client, self._payment) as connection:
            resume: Callable[[Any], Effect | Emit[E]] = flow.send
            outcome: Any = None
            while True:
                try:
                    effect = resume(outcome)
                except StopIteration as end:
                    result: T = end.value
                    return result
                resume, outcome = flow.send, None
                if isinstance(effect, Emit):
                    yield effect.item
                    continue
                try:
                    outcome = connection.perform(effect)
                except (ApiError, ConnectionFailedError) as failure:
                    resume, outcome = flow.throw, failure


class _Connection:
    """The stream or WebSocket that one flow has open; at most one."""

    def __init__(self, client: httpx.Client, payment: Payment | None) -> None:
        self._client = client
        self._payment = payment
        self._open = ExitStack()
        self._received: Iterator[bytes | str] = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def perform(self, effect: Effect) -> Any:
        match effect:
            case Request(streamed=True):
                return self._stream(effect)
            case Request():
                return self._send(effect)
            case Connect(url):
                return self._connect(url)
            case Receive():
                return next(self._received, None)
            case Sleep(seconds):
                return time.sleep(seconds)
            case Pay(offer):
                return self._payment(offer) if self._payment else None

    def _send(self, request: Request) -> Response:
        with http.connection_errors():
            response = self._client.send(
                self._client.build_request(**http.request_options(request))
            )
            return http.to_response(response, response.content)

    def _stream(self, request: Request) -> Response:
        self._open.close()
        built = self._client.build_request(**http.request_options(request))
        with http.connection_errors():
            response = self._client.send(built, stream=True)
            self._open.callback(response.close)
            self._received = _chunks(response)
            return http.to_response(response, b"" if response.is_success else response.read())

    def _connect(self, url: str) -> None:
        try:
            from websockets.sync.client import connect  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise http.missing_websockets() from error
        self._open.close()
        with http.websocket_errors():
            self._received = _messages(
                self._open.enter_context(connect(url, **http.connect_options(url)))
            )


def _chunks(response: httpx.Response) -> Iterator[bytes]:
    with http.connection_errors():
        yield from response.iter_bytes()


def _messages(socket: Any) -> Iterator[str]:
    """Yield messages until the server closes the connection.

    A wait without a timeout can miss a Ctrl-C that comes just before it.
    """
    from websockets.exceptions import ConnectionClosedOK  # noqa: PLC0415 - an extra

    with http.websocket_errors(), suppress(ConnectionClosedOK):
        while True:
            with suppress(TimeoutError):
                yield socket.recv(timeout=_RECEIVE_TIMEOUT_S)
