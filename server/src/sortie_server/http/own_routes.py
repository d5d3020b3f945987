"""Routes that no deployment has: the server's health, and events as Server-Sent Events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from threading import Event
from typing import Final

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from jobs.kit.errors import UnavailableError
from sortie_server.event_log import EventLog
from sortie_server.functions import load_work
from sortie_server.http.authorizers import Authorizer
from sortie_server.http.endpoints import Guarded, Identify
from sortie_server.http.threads import Threads
from sortie_server.template import Template

HEARTBEAT: Final = ": still here\n\n"
HEARTBEAT_S: Final = 5.0
MAX_BATCH: Final = 100


def build_routes(
    template: Template,
    log: EventLog,
    find_problems: Callable[[], Sequence[str]],
    threads: Threads,
    stopping: Event,
) -> list[Route]:
    """Return `GET /health`, and `GET /events`: the caller's from now on, or after `Last-Event-ID`.

    `find_problems` names the workers that have ended.
    """

    def check() -> Sequence[str]:
        try:
            log.newest()
        except UnavailableError as error:
            return [str(error)]
        return find_problems()

    async def get_health(_: HttpRequest) -> JSONResponse:
        if problems := await threads.run(check):
            return JSONResponse({"status": "failing", "problems": problems}, 503)
        return JSONResponse({"status": "ok"})

    rule = template.authorizers["ApiKey"]
    identify = Identify("/events", Authorizer(rule, load_work(rule.handler)))
    events = Guarded(EventsEndpoint(log, identify, threads, stopping), template.responses)
    return [Route("/health", get_health), Route("/events", events, methods=["GET"])]


class EventsEndpoint:
    def __init__(
        self,
        log: EventLog,
        identify: Identify,
        threads: Threads,
        stopping: Event,
    ) -> None:
        self._log = log
        self._identify = identify
        self._threads = threads
        self._stopping = stopping

    async def respond(self, request: HttpRequest, request_id: str) -> ASGIApp:
        context = await self._threads.run(partial(self._identify, request, request_id))
        last = request.headers.get("last-event-id", "")
        after = int(last) if last.isdecimal() else await self._threads.run(self._log.newest)
        headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
        pieces = self._stream(context["authorizer"]["tenant"], after)
        return StreamingResponse(pieces, headers=headers, media_type="text/event-stream")

    async def _stream(self, tenant: str, after: int) -> AsyncIterator[str]:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        stop = self._log.listen(wake)
        try:
            yield ": connected\n\n"
            while not self._stopping.is_set():
                woken.clear()
                read = partial(self._log.read, tenant, after=after, limit=MAX_BATCH)
                for event in await self._threads.run(read):
                    after = event.seq
                    yield f"id: {event.seq}\nevent: {event.type}\ndata: {event.detail}\n\n"
                if not woken.is_set() and not await wait_for(woken, HEARTBEAT_S):
                    yield HEARTBEAT
        finally:
            stop()


async def wait_for(event: asyncio.Event, timeout_s: float) -> bool:
    """Return whether the event was set in time."""
    try:
        async with asyncio.timeout(timeout_s):
            return await event.wait()
    except TimeoutError:
        return False
