"""`Worker`: claims an agent's jobs and answers them with a function, until it is stopped."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from threading import Thread, current_thread, main_thread
from typing import Any, Final

from sortie_client._core.asynchronous import AsyncRunner
from sortie_client.client import AsyncSortie
from sortie_client.errors import (
    AuthenticationError,
    BadRequestError,
    NotConfiguredError,
    NotFoundError,
    PermissionDeniedError,
    SortieError,
)
from sortie_client.settings import Settings
from sortie_client.worker.question import Question
from sortie_client.worker.running_job import RunningJob
from sortie_client.workers.api import WorkersApi
from sortie_client.workers.models import Claim

log: Final = logging.getLogger("sortie.worker")
MAX_JOBS: Final = 10
MAX_BACKOFF_S: Final = 15.0
_FATAL: Final = (
    AuthenticationError,
    BadRequestError,
    NotConfiguredError,
    NotFoundError,
    PermissionDeniedError,
)
"""No retry of a claim can succeed: the process ends, and its supervisor decides."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Worker:
    """Answers the jobs of agents of provider `worker` with a function.

    `answer` gets a `Question`. It may be a function, a coroutine function, or a generator of
    either kind, which yields the answer in pieces. It returns a text, or
    `{"content": text, "metadata": {…}}`. It may raise `Retry`; any other error fails the job.

    `concurrency`: jobs at a time. `grace`: seconds that running jobs have when the worker is told
    to stop; then other workers get them.
    """

    def __init__(
        self,
        answer: Callable[[Question], Any],
        agents: Sequence[str],
        *,
        concurrency: int = 4,
        grace: float = 30.0,
        settings: Settings | None = None,
    ) -> None:
        if not agents:
            raise NotConfiguredError("Name at least one agent")
        if concurrency < 1:
            raise NotConfiguredError("concurrency must be 1 or more")
        self._answer = answer
        self._agents = agents
        self._concurrency = concurrency
        self._grace = grace
        self._settings = settings
        self._name = f"{socket.gethostname()}-{os.getpid()}"[:64]
        self._running: dict[asyncio.Task[None], RunningJob] = {}
        self._stops = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None

    def run(self) -> None:
        """Work until SIGTERM or SIGINT. A second signal ends the grace."""
        asyncio.run(self.serve())

    async def serve(self) -> None:
        """Work until `stop`; in the main thread, until SIGTERM or SIGINT as well.

        Coroutine functions run in this event loop. Claims and heartbeats have a thread of their
        own, so that code which blocks the loop loses no job.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        Thread(target=self._work_in_thread, args=(loop, done), name="sortie-worker").start()
        with self._signals(loop):
            try:
                await asyncio.shield(done)
            except asyncio.CancelledError:
                self.stop()
                self.stop()
                await done
                raise

    def stop(self) -> None:
        """Claim no more jobs, and end when the running ones have; called again, end at once.

        May be called from any thread.
        """
        self._stops += 1
        if self._loop and self._wake:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._wake.set)

    @contextlib.contextmanager
    def _signals(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        if current_thread() is not main_thread():
            yield
            return
        with contextlib.suppress(NotImplementedError):  # on Windows
            for each in _SIGNALS:
                loop.add_signal_handler(each, self.stop)
        try:
            yield
        finally:
            with contextlib.suppress(NotImplementedError):
                for each in _SIGNALS:
                    loop.remove_signal_handler(each)

    def _work_in_thread(self, loop: asyncio.AbstractEventLoop, done: asyncio.Future[None]) -> None:
        def end(error: BaseException | None) -> None:
            if not done.done():
                done.set_exception(error) if error else done.set_result(None)

        try:
            asyncio.run(self._work(loop))
        except BaseException as error:  # noqa: BLE001 - `serve` raises it
            loop.call_soon_threadsafe(end, error)
        else:
            loop.call_soon_threadsafe(end, None)

    async def _work(self, user_loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncSortie(self._settings) as sortie:
            log.info(
                "working for %s, %s jobs at a time", ", ".join(self._agents), self._concurrency
            )
            try:
                await self._claim_jobs(sortie.workers, user_loop)
            finally:
                await self._finish()

    async def _claim_jobs(
        self, api: WorkersApi[AsyncRunner], user_loop: asyncio.AbstractEventLoop
    ) -> None:
        failures = 0
        while not self._stops:
            free = self._concurrency - len(self._running)
            if not free:
                await self._sleep(None)
                continue
            try:
                claim = await self._claim(api, min(free, MAX_JOBS))
            except _FATAL:
                raise
            except SortieError as error:
                failures += 1
                wait = min(MAX_BACKOFF_S, 0.5 * 2**failures) * random.uniform(0.5, 1)  # noqa: S311
                log.warning("claim failed, next one in %.1f s: %s", wait, error)
                await self._sleep(wait)
                continue
            failures = 0
            if claim is None:
                return
            for job in claim.jobs:
                self._start(RunningJob(api, job, self._answer, user_loop))
            if not claim.jobs:
                await self._sleep(claim.retry_after_seconds)

    async def _claim(self, api: WorkersApi[AsyncRunner], number: int) -> Claim | None:
        """Claim jobs; None: the worker was stopped meanwhile.

        A claim that is cut off may have taken jobs. They return to the queue in seconds.
        """
        claiming = asyncio.ensure_future(
            api.claim(self._agents, max_jobs=number, worker=self._name)
        )
        while not claiming.done():
            woken = asyncio.ensure_future(self._woken())
            await asyncio.wait({claiming, woken}, return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            if self._stops and not claiming.done():
                claiming.cancel()
                return None
        return claiming.result()

    def _start(self, job: RunningJob) -> None:
        task = asyncio.create_task(job.run())
        self._running[task] = job
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (error := task.exception()):
            log.error("a job ended unexpectedly", exc_info=error)
        if self._wake:
            self._wake.set()

    async def _finish(self) -> None:
        """Let running jobs end, then release those that have not."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._grace
        if self._running:
            log.info("stopping: %s jobs have %s s", len(self._running), self._grace)
        while self._running and self._stops < 2 and loop.time() < until:  # noqa: PLR2004 - twice
            await self._sleep(until - loop.time())
        left = dict(self._running)
        await asyncio.gather(*(job.release() for job in left.values()))
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _sleep(self, seconds: float | None) -> None:
        """Sleep until a job ends, `stop` is called, or the time is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken(), seconds)

    async def _woken(self) -> None:
        if self._wake:
            await self._wake.wait()
            self._wake.clear()
