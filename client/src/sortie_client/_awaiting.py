"""Plays flows in an event loop: what `_blocking` does, with `await`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, closing
from inspect import isawaitable
from typing import Any, Self

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

type Headers = Mapping[str, str]
type AsyncPayment = Callable[[Offer], Headers | Awaitable[Headers]]


class Player:
    def __init__(self, http: httpx.AsyncClient, payment: AsyncPayment | None) -> None:
        self._http = http
        self._payment = payment

    async def run[T](self, flow: Giving[Any, T]) -> T:
        results: list[T] = []
        async with aclosing(self._played(flow, results.append)) as playing:
            async for _ in playing:
                pass
        return results[0]

    def play[E](self, flow: Giving[E, object]) -> AsyncGenerator[E]:
        return self._played(flow, lambda _: None)

    async def _played[E, T](
        self, flow: Giving[E, T], ended: Callable[[T], None]
    ) -> AsyncGenerator[E]:
        with closing(flow):
            async with Line(self._http, self._payment) as line:
                go_on: Callable[[Any], Effect | Give[E]] = flow.send
                outcome: Any = None
                while True:
                    try:
                        wanted = go_on(outcome)
                    except StopIteration as end:
                        ended(end.value)
                        return
                    go_on, outcome = flow.send, None
                    if isinstance(wanted, Give):
                        yield wanted.item
                        continue
                    try:
                        outcome = await line.do(wanted)
                    except ConnectionFailedError as failure:
                        go_on, outcome = flow.throw, failure


class Line:
    """What one flow has open: nothing, an answer that streams, or a WebSocket."""

    def __init__(self, http: httpx.AsyncClient, payment: AsyncPayment | None) -> None:
        self._http = http
        self._payment = payment
        self._open = AsyncExitStack()
        self._pieces: AsyncIterator[bytes | str] = _nothing()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def do(self, wanted: Effect) -> Any:
        match wanted:
            case Request(streamed=True):
                return await self._stream(wanted)
            case Request():
                return await self._ask(wanted)
            case Connect(url):
                return await self._connect(url)
            case Read():
                return await anext(self._pieces, None)
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case Pay(offer):
                return await self._pay(offer)

    async def _ask(self, request: Request) -> Answer:
        with _wire.failures():
            response = await self._http.send(self._http.build_request(**_wire.asked(request)))
            return _wire.answer(response, response.content)

    async def _stream(self, request: Request) -> Answer:
        await self._open.aclose()
        asked = self._http.build_request(**_wire.asked(request))
        with _wire.failures():
            response = await self._http.send(asked, stream=True)
            self._open.push_async_callback(response.aclose)
            self._pieces = _bytes(response)
            return _wire.answer(response, b"" if response.is_success else await response.aread())

    async def _connect(self, url: str) -> None:
        try:
            from websockets.asyncio.client import connect  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise _wire.no_sockets() from error
        await self._open.aclose()
        with _wire.socket_failures():
            self._pieces = _messages(await self._open.enter_async_context(connect(url)))

    async def _pay(self, offer: Offer) -> Headers | None:
        if self._payment is None:
            return None
        headers = self._payment(offer)
        return await headers if isawaitable(headers) else headers


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


async def _bytes(response: httpx.Response) -> AsyncIterator[bytes]:
    with _wire.failures():
        async for piece in response.aiter_bytes():
            yield piece


async def _messages(socket: Any) -> AsyncIterator[str]:
    with _wire.socket_failures():
        async for message in socket:
            yield message
