"""Run slow work with a heartbeat."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from time import monotonic


class OutOfTimeError(Exception):
    """The work took longer than its timeout."""


def run_with_heartbeat[T](
    work: Callable[[], T], *, beat: Callable[[], None], every_s: float, timeout_s: float
) -> T:
    """Return what `work` returns; call `beat` every `every_s` seconds until then.

    Raises `OutOfTimeError` after `timeout_s`, and whatever `work` or `beat` raises.
    Abandoned work continues on a daemon thread, which no process waits for.
    """
    answer: Future[T] = Future()
    Thread(target=_run, args=(work, answer), daemon=True).start()
    ends = monotonic() + timeout_s
    while True:
        left = ends - monotonic()
        wait([answer], timeout=max(0, min(every_s, left)))
        if answer.done():
            return answer.result()
        if left <= every_s:
            raise OutOfTimeError
        beat()


def _run[T](work: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where the result is read
        answer.set_exception(error)
