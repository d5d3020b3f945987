"""The runner of flows for asynchronous programs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, closing
from inspect import isawaitable
from typing import Any, Self

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

type Headers = Mapping[str, str]
type AsyncPayment = Callable[[Offer], Headers | Awaitable[Headers]]


class AsyncRunner:
    """Performs the effects of flows in the running event loop."""

    def __init__(self, client: httpx.AsyncClient, payment: AsyncPayment | None) -> None:
        self._client = client
        self._payment = payment

    async def run[T](self, flow: StreamFlow[Any, T]) -> T:
        """Return the flow's result."""
        results: list[T] = []
        async with aclosing(self._perform(flow, results.append)) as items:
            async for _ in items:
                pass
        return results[0]

    def iterate[E](self, flow: StreamFlow[E, object]) -> AsyncGenerator[E, None]:
        """Yield the flow's items."""
        return self._perform(flow, lambda _: None)

    async def _perform[E, T](
        self, flow: StreamFlow[E, T], set_result: Callable[[T], None]
    ) -> AsyncGenerator[E, None]:
        with closing(flow):
            async with _Connection(self._client, self._payment) as connection:
                resume: Callable[[Any], Effect | Emit[E]] = flow.send
                outcome: Any = None
                while True:
                    try:
                        effect = resume(outcome)
                    except StopIteration as end:
                        set_result(end.value)
                        return
                    resume, outcome = flow.send, None
                    if isinstance(effect, Emit):
                        yield effect.item
                        continue
                    try:
                        outcome = await connection.perform(effect)
                    except (ApiError, ConnectionFailedError) as failure:
                        resume, outcome = flow.throw, failure


class _Connection:
    """The stream or WebSocket that one flow has open; at most one."""

    def __init__(self, client: httpx.AsyncClient, payment: AsyncPayment | None) -> None:
        self._client = client
        self._payment = payment
        self._open = AsyncExitStack()
        self._received: AsyncIterator[bytes | str] = _nothing()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def perform(self, effect: Effect) -> Any:
        match effect:
            case Request(streamed=True):
                return await self._stream(effect)
            case Request():
                return await self._send(effect)
            case Connect(url):
                return await self._connect(url)
            case Receive():
                return await anext(self._received, None)
            case Sleep(seconds):
                return await asyncio.sleep(seconds)
            case Pay(offer):
                return await self._pay(offer)

    async def _send(self, request: Request) -> Response:
        with http.connection_errors():
            response = await self._client.send(
                self._client.build_request(**http.request_options(request))
            )
            return http.to_response(response, response.content)

    async def _stream(self, request: Request) -> Response:
        await self._open.aclose()
        built = self._client.build_request(**http.request_options(request))
        with http.connection_errors():
            response = await self._client.send(built, stream=True)
            self._open.push_async_callback(response.aclose)
            self._received = _chunks(response)
            body = b"" if response.is_success else await response.aread()
            return http.to_response(response, body)

    async def _connect(self, url: str) -> None:
        try:
            from websockets.asyncio.client import connect  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise http.missing_websockets() from error
        await self._open.aclose()
        with http.websocket_errors():
            self._received = _messages(
                await self._open.enter_async_context(connect(url, **http.connect_options(url)))
            )

    async def _pay(self, offer: Offer) -> Headers | None:
        if self._payment is None:
            return None
        headers = self._payment(offer)
        return await headers if isawaitable(headers) else headers


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    with http.connection_errors():
        async for chunk in response.aiter_bytes():
            yield chunk


async def _messages(socket: Any) -> AsyncIterator[str]:
    with http.websocket_errors():
        async for message in socket:
            yield message
