"""Do something slow, and show signs of life meanwhile."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from time import monotonic


class OutOfTimeError(Exception):
    """The work took longer than it may."""


def attended[T](
    work: Callable[[], T], *, beat: Callable[[], None], every: float, at_most: float
) -> T:
    """Return what `work` returns, calling `beat` every so many seconds until it does.

    Raises `OutOfTimeError` after `at_most` seconds, and whatever `work` or `beat`
    raises; `work` is then left to itself, on a thread that keeps nobody waiting.
    """
    answer: Future[T] = Future()
    Thread(target=_answered, args=(work, answer), daemon=True).start()
    ends = monotonic() + at_most
    while True:
        left = ends - monotonic()
        wait([answer], timeout=max(0, min(every, left)))
        if answer.done():
            return answer.result()
        if left <= every:
            raise OutOfTimeError
        beat()


def _answered[T](work: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - told to whoever asked for the result
        answer.set_exception(error)
