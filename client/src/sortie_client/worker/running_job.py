"""A job that this worker has claimed: its lease, its output and its result."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, Final

from sortie_client._core.asynchronous import AsyncRunner
from sortie_client.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    SortieError,
)
from sortie_client.worker.answers import Call, to_body
from sortie_client.worker.question import Question, Retry
from sortie_client.workers.api import WorkersApi
from sortie_client.workers.models import ClaimedJob

log: Final = logging.getLogger("sortie.worker")
OUTPUT_S: Final = 0.5
MAX_OUTPUT: Final = 30_000
"""Characters of a piece. Each may count twice: the server counts UTF-16."""
MAX_ERROR: Final = 500
_RETRY_S: Final = 2.0
_RESULT_ATTEMPTS: Final = 10
_LOST: Final = (NotFoundError, ConflictError)
STOPPED: Final = "the worker stopped"


class RunningJob:
    """Runs in the worker's own event loop, which no function of the user can block."""

    def __init__(
        self,
        api: WorkersApi[AsyncRunner],
        job: ClaimedJob,
        function: Callable[[Question], Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._api = api
        self._job = job
        self._question = Question.of(job)
        self._call = Call(function, self._question, self._say, loop)
        self._lock = Lock()
        self._pieces: list[str] = []
        self._unsent: tuple[int, str] | None = None
        self._number = job.output_from
        self._is_lost = False

    @property
    def job_id(self) -> str:
        return self._job.job_id

    async def run(self) -> None:
        """Answer the job. Raises nothing: a job's errors are not the worker's."""
        log.info("%s claimed, attempt %s", self.job_id, self._job.attempt)
        heart = asyncio.create_task(self._beat())
        try:
            answer = asyncio.wrap_future(self._call.start())
            verb, body = await self._outcome(answer)
        finally:
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart
        if self._is_lost:
            log.info("%s lost: its result is dropped", self.job_id)
        else:
            await self._send_result(verb, body)

    async def release(self) -> None:
        """Give the job to another worker, now."""
        self._lose()
        with suppress(SortieError):
            await self._api.fail(
                self.job_id, self._job.attempt, STOPPED, retryable=True, retry_after_seconds=0
            )
        log.info("%s released", self.job_id)

    def _lose(self) -> None:
        self._is_lost = True
        self._call.cancel()

    async def _outcome(self, answer: asyncio.Future[Any]) -> tuple[str, dict[str, Any]]:
        try:
            return "complete", to_body(await answer)
        except Retry as error:
            after = error.after
            wait = None if after is None else min(300, max(0, round(after)))
            return "fail", {"error": _text(error), "retryable": True, "retry_after_seconds": wait}
        except asyncio.CancelledError:
            return "fail", {"error": "the function was cancelled", "retryable": True}
        except Exception as error:
            if not self._is_lost:
                log.exception("%s failed", self.job_id)
            return "fail", {"error": f"{type(error).__name__}: {_text(error)}"[:MAX_ERROR]}

    def _say(self, piece: str) -> None:
        """Add a piece of the answer, from any thread."""
        if not isinstance(piece, str):
            raise TypeError(f"the function must yield texts, not {type(piece).__name__}")
        with self._lock:
            self._pieces.append(piece)

    def _next_output(self) -> Mapping[str, Any]:
        """Return the next piece to send: the same one until it has arrived."""
        if self._number is None:
            return {}
        with self._lock:
            if self._unsent is None and self._pieces:
                whole = "".join(self._pieces)
                self._unsent = (self._number, whole[:MAX_OUTPUT])
                self._pieces = [whole[MAX_OUTPUT:]] if whole[MAX_OUTPUT:] else []
                self._number += 1
        if self._unsent is None:
            return {}
        number, output = self._unsent
        return {"number": number, "output": output}

    async def _beat(self) -> None:
        """Send a heartbeat at once, then regularly; more often while there is output."""
        while True:
            wait: float = self._job.heartbeat_seconds
            try:
                output = self._next_output()
                await self._api.heartbeat(
                    self.job_id,
                    self._job.attempt,
                    progress=self._question.take_progress(),
                    **output,
                )
                self._unsent = None
            except _LOST as error:
                log.info("%s is lost: %s", self.job_id, error)
                self._lose()
                return
            except BadRequestError as error:  # of what it says: the answer has that, too
                log.warning("%s sends no further output: %s", self.job_id, error)
                self._number = self._unsent = None
                wait = _RETRY_S
            except SortieError as error:
                log.warning("%s heartbeat failed, to be sent again: %s", self.job_id, error)
                wait = _RETRY_S
            await self._sleep(wait)

    async def _sleep(self, seconds: float) -> None:
        """Sleep until the next heartbeat is due, or output waits."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            await asyncio.sleep(min(OUTPUT_S, max(0, until - loop.time())))
            if self._number is not None and (self._pieces or self._unsent):
                return

    async def _send_result(self, verb: str, body: dict[str, Any]) -> None:
        """Send the result until the server has it: each request may be repeated."""
        for number in range(1, _RESULT_ATTEMPTS + 1):
            try:
                await getattr(self._api, verb)(self.job_id, self._job.attempt, **body)
            except _LOST as error:
                log.info("%s is lost, its result is dropped: %s", self.job_id, error)
                return
            except BadRequestError as error:
                if verb == "fail":
                    log.error("%s could not be failed: %s", self.job_id, error)  # noqa: TRY400
                    return
                verb, body = "fail", {"error": error.text[:MAX_ERROR]}
            except SortieError as error:
                log.warning("%s %s failed, to be sent again: %s", self.job_id, verb, error)
                await asyncio.sleep(min(_RETRY_S * number, self._job.lease_seconds))
            else:
                log.info("%s %s", self.job_id, "completed" if verb == "complete" else "failed")
                return


def _text(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:MAX_ERROR]
