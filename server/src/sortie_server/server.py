"""The process: its database, its workers and its HTTP server."""

import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final, Never, override

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette

from jobs.kit.file_secrets import FileSecrets
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.errors import DatabaseNotWritableError
from jobs.kit.sqlite.steady_clock import SteadyClock
from sortie_server.settings import choose_parameters, set_environment
from sortie_server.template import Template

_CHANGES: Final = ("create", "revoke", "rotate")
MISSING: Final = ("missions.", "tracking.", *(f"admin.{each}_partner" for each in _CHANGES))
"""Functions that need AWS IoT, Cognito and a WebSocket API."""
_STOP_TIMEOUT_S: Final = 5
_KEEP_ALIVE_S: Final = 75
"""Longer than proxies keep a connection: they must not use it while it closes."""
_APP_THREADS: Final = 200
"""For the streaming apps: some of their requests wait in threads."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that is not running yet: its store is open, for commands and for the registry."""

    template: Template
    parameters: Mapping[str, str]
    database: Database
    clock: SteadyClock
    secrets: FileSecrets

    def run(self, bound: socket.socket, on_ready: Callable[[], None]) -> None:
        """Serve on a bound socket until SIGINT or SIGTERM."""
        stopping = Event()

        def end_streams() -> None:
            stopping.set()
            self.database.signals.wake_listeners()

        with suppress(KeyboardInterrupt):  # uvicorn raises it again at its end
            HttpServer(self._build_app(stopping), on_ready, end_streams).run([bound])

    def _build_app(self, stopping: Event) -> Starlette:
        # These modules load the functions, which read the environment.
        from sortie_server.event_log import EventLog  # noqa: PLC0415
        from sortie_server.http.gateway import Gateway  # noqa: PLC0415
        from sortie_server.http.own_routes import build_routes  # noqa: PLC0415
        from sortie_server.http.threads import Threads  # noqa: PLC0415
        from sortie_server.workers.crew import Crew  # noqa: PLC0415

        threads, log = Threads(), EventLog(self.database, self.clock)
        crew = Crew(self.database, self.clock, self.template, self.parameters, log)
        gateway = Gateway(
            template=self.template, parameters=self.parameters, missing=MISSING, threads=threads
        )

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            to_thread.current_default_thread_limiter().total_tokens = _APP_THREADS
            crew.start()
            yield
            crew.stop()
            threads.stop()

        own = build_routes(self.template, log, crew.find_problems, threads, stopping)
        return gateway.build_app(own, lifespan=lifespan)


@contextmanager
def open_server(data: Path, chosen: Mapping[str, str], own_url: str = "") -> Iterator[Server]:
    """Open the data folder, which no other process may use, and compose the features over it.

    Clients call `own_url`, unless the chosen parameters name another `PublicUrl`.

    Raises `DatabaseError`, `ParameterError`.
    """
    template = Template.load()
    parameters = choose_parameters(template, chosen)
    parameters["PublicUrl"] = parameters["PublicUrl"] or own_url
    set_environment(template, parameters)
    from sortie_server.composition import compose  # noqa: PLC0415 - it reads the environment

    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseNotWritableError(f"cannot make {data}: {error.strerror}") from error
    database = Database(data / "sortie.db")
    try:
        clock = SteadyClock(database)
        secrets = FileSecrets(data / "secrets.json")
        compose(database, clock, secrets)
        yield Server(
            template=template,
            parameters=parameters,
            database=database,
            clock=clock,
            secrets=secrets,
        )
        clock.save()
    finally:
        database.close()


class HttpServer(uvicorn.Server):
    """Calls back once it accepts connections, and before it waits for open ones to end."""

    def __init__(
        self, app: Starlette, on_ready: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                lifespan="on",
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=_STOP_TIMEOUT_S,
                timeout_keep_alive=_KEEP_ALIVE_S,
                ws="none",
            )
        )
        self._on_ready = on_ready
        self._on_stop = on_stop

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)


def leave(code: int) -> Never:
    """End the process at once: what its threads still do goes on at the next start."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
