"""Attacks of one tenant, each within its limits. An attack lasts as long as its context."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Final, override
from urllib.parse import urlencode

from websockets.sync.client import connect

from bench.neighbours.tenants import USER, Tenant

SLOW_MESSAGES: Final = 24
SLOW_S: Final = 10
BURST: Final = 200
CALLERS: Final = 4
SHARES: Final = 20
VIEWERS: Final = 50
WEBHOOKS: Final = 24
TIMERS: Final = 50
TIMERS_AFTER_S: Final = 20
SESSIONS: Final = 2
UNANSWERED: Final = 100
SESSION_TIMEOUT_S: Final = 120
DOCKS: Final = 10

type Attack = Callable[[Tenant], AbstractContextManager[None]]


@contextmanager
def send_slow_messages(tenant: Tenant) -> Iterator[None]:
    """More messages to a slow agent than there are workers."""
    for _ in range(SLOW_MESSAGES):
        tenant.create(f"/sleep {SLOW_S} late", timeoutMs=60_000)
    yield


@contextmanager
def create_many(tenant: Tenant) -> Iterator[None]:
    """Creates as fast as the answers come, most of them over the rate limit."""
    with ThreadPoolExecutor(CALLERS) as callers:
        for _ in range(BURST):
            callers.submit(tenant.create, "Hello", timeoutMs=30_000)
        yield
        callers.shutdown(cancel_futures=True)


@contextmanager
def hang_receivers(tenant: Tenant) -> Iterator[None]:
    """Webhooks to a receiver that never answers."""
    tenant.allow_webhooks()
    with run_receiver(hang=True) as (url, _):
        for _ in range(WEBHOOKS):
            tenant.create("Hello", webhook={"url": url, "events": ["completed"]})
        tenant.drain()  # only the webhooks are the attack
        yield


@contextmanager
def end_timers_together(tenant: Tenant) -> Iterator[None]:
    """Jobs whose deadlines pass within a second; the attack begins just before it."""
    at = time.time() + TIMERS_AFTER_S
    with ThreadPoolExecutor(CALLERS) as callers:
        for _ in range(TIMERS):
            callers.submit(
                lambda: tenant.create("/silent", timeoutMs=round((at - time.time()) * 1000))
            )
    while time.time() < at - 1:
        time.sleep(0.1)
    yield


def fill_sessions(tenant: Tenant) -> float:
    """Fill sessions with messages that nobody answers; return when they have timed out."""
    for _ in range(SESSIONS):
        body = {"agentId": tenant.agent, "userId": USER}
        _, session = tenant.send("POST", "/api/messaging/sessions", body)
        path = f"/api/messaging/sessions/{session['sessionId']}/messages"
        tenant.send("POST", path, {"content": "/silent"})
        for _ in range(UNANSWERED - 1):
            tenant.send("POST", path, {"content": "Hello"})
    return time.monotonic() + SESSION_TIMEOUT_S


@contextmanager
def share_and_watch(tenant: Tenant) -> Iterator[None]:
    """All shares and viewers that a device group may have, and a reading each second."""
    group, [device] = tenant.add_docks(1)
    body = {"resourceId": group, "shareType": "STREAM", "permissions": ["view"], "expiresIn": 3600}
    codes = [
        tenant.ask("POST", "/v3/streams/share", body)["share"]["shareCode"] for _ in range(SHARES)
    ]
    query = urlencode({"token": codes[0], "resourceId": group})
    with ExitStack() as open_, repeat(lambda: tenant.report(device), every_s=1):
        for _ in range(VIEWERS):
            watched = connect(f"{tenant.cloud.stack.websocket_url}?{query}", open_timeout=30)
            open_.enter_context(watched)
            Thread(target=_drain, args=[watched], daemon=True).start()
        with repeat(lambda: _create_and_cancel(tenant, group), every_s=2):
            yield


@contextmanager
def flood_telemetry(tenant: Tenant) -> Iterator[None]:
    """Docks that each send a reading a second."""
    _, devices = tenant.add_docks(DOCKS)

    def report(some: Sequence[str]) -> None:
        for device in some:
            tenant.report(device)

    with ExitStack() as running:
        for n in range(CALLERS):
            some = devices[n::CALLERS]
            running.enter_context(repeat(lambda some=some: report(some), every_s=1))  # type: ignore[misc]
        yield


@contextmanager
def repeat(act: Callable[[], object], *, every_s: float) -> Iterator[None]:
    """Repeat an act in a thread until the end of the block."""
    over = Event()

    def run() -> None:
        following = time.monotonic()
        while not over.wait(max(0.0, following - time.monotonic())):
            with suppress(RuntimeError, OSError):
                act()
            following = max(following + every_s, time.monotonic())

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def run_receiver(*, hang: bool) -> Iterator[tuple[str, list[float]]]:
    """Run a webhook receiver; yield its URL and the times at which webhooks arrive."""
    over, arrived = Event(), list[float]()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append(time.monotonic())
            if hang:
                over.wait()
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", arrived
        finally:
            over.set()
            server.shutdown()


def _create_and_cancel(tenant: Tenant, group: str) -> None:
    created = tenant.ask("POST", "/v3/jobs/create", {"name": "Look", "deviceGroupId": group})
    tenant.ask("POST", f"/v3/jobs/{created['job']['jobId']}/cancel")


def _drain(connection: object) -> None:
    with suppress(Exception):
        for _ in connection:  # type: ignore[attr-defined]
            pass
