"""Threads for functions, which block. Requests that wait for an answer have their own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

MAX_THREADS: Final = 32
MAX_WAITING_THREADS: Final = 400
"""Requests that wait at a time. Further ones queue; they must not delay the others."""


class Threads:
    def __init__(self) -> None:
        self._quick = ThreadPoolExecutor(MAX_THREADS, "request")
        self._waiting = ThreadPoolExecutor(MAX_WAITING_THREADS, "waiting")

    async def run[T](self, work: Callable[[], T], *, waits: bool = False) -> T:
        """Run a function in a thread."""
        executor = self._waiting if waits else self._quick
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    def stop(self) -> None:
        """Accept no further work; work that runs ends by itself."""
        self._quick.shutdown(wait=False, cancel_futures=True)
        self._waiting.shutdown(wait=False, cancel_futures=True)
