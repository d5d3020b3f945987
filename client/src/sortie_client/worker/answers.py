"""Call a worker's function, of any kind: a function, a coroutine, a generator of either."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

from sortie_client.worker.question import Question

type Answer = str | Mapping[str, Any]
"""A text, or `{"content": text, "metadata": {…}}`."""
type Say = Callable[[str], None]


class Call:
    """One call of the function.

    Coroutines run in `loop`, other functions in a thread of their own: a thread cannot be stopped,
    and must not keep the process from its end. The heartbeats of the job do not depend on either.
    """

    def __init__(
        self,
        function: Callable[[Question], Any],
        question: Question,
        say: Say,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._function = function
        self._question = question
        self._say = say
        self._loop = loop
        self._future: Future[Any] = Future()
        self._task: Future[Any] | None = None

    def start(self) -> Future[Any]:
        """Start it. The result is what the function returns, or the pieces that it yields."""
        if is_async(self._function):
            self._run_in_loop(self._call_async())
        else:
            name = f"job-{self._question.job_id}"
            Thread(target=self._call, name=name, daemon=True).start()
        return self._future

    def cancel(self) -> None:
        """Tell the function to stop: cancel a coroutine, close a generator at its next piece."""
        self._question.cancel()
        if self._task:
            self._task.cancel()

    def _call(self) -> None:
        try:
            made: Any = self._function(self._question)
            if inspect.isawaitable(made) or inspect.isasyncgen(made):
                self._run_in_loop(self._finish(made))
                return
            result = self._collect(made) if isinstance(made, Generator) else made
        except BaseException as error:  # noqa: BLE001 - whatever it is, the job fails with it
            self._fail(error)
        else:
            self._succeed(result)

    def _collect(self, pieces: Generator[str, Any, Any]) -> str:
        whole: list[str] = []
        try:
            for piece in pieces:
                whole.append(piece)
                self._say(piece)
                if self._question.cancelled:
                    raise asyncio.CancelledError
        finally:
            pieces.close()
        return "".join(whole)

    async def _call_async(self) -> Any:
        return await self._finish(self._function(self._question))

    async def _finish(self, made: Any) -> Any:
        if not inspect.isasyncgen(made):
            return await made
        return await self._collect_async(made)

    async def _collect_async(self, pieces: AsyncGenerator[Any, Any]) -> str:
        whole: list[str] = []
        try:
            async for piece in pieces:
                whole.append(piece)
                self._say(piece)
        finally:
            await pieces.aclose()
        return "".join(whole)

    def _run_in_loop(self, coroutine: Any) -> None:
        self._task = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        self._task.add_done_callback(self._copy)
        if self._question.cancelled:  # before there was a task to cancel
            self._task.cancel()

    def _copy(self, done: Future[Any]) -> None:
        if done.cancelled():
            self._fail(asyncio.CancelledError())
        elif error := done.exception():
            self._fail(error)
        else:
            self._succeed(done.result())

    def _succeed(self, result: Any) -> None:
        with suppress(Exception):  # the worker may have given up on it
            self._future.set_result(result)

    def _fail(self, error: BaseException) -> None:
        with suppress(Exception):
            self._future.set_exception(error)


def is_async(function: Callable[..., Any]) -> bool:
    """Return whether calling it blocks no event loop."""
    while isinstance(function, partial):
        function = function.func
    call = function if inspect.isroutine(function) else type(function).__call__
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)


def to_body(answer: Any) -> dict[str, Any]:
    """Return the answer's content and metadata. Raises `TypeError`."""
    match answer:
        case str():
            return {"content": answer}
        case {"content": str(content), **more}:
            return {"content": content, "metadata": more.get("metadata")}
        case _:
            kind = type(answer).__name__
            raise TypeError(f"the function must return a text or content and metadata, not {kind}")
