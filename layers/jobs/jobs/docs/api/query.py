"""The documentation agents' API: parse paths and query strings."""

from typing import Final

from jobs.core.errors import JobNotFoundError
from jobs.core.ids import parse_uuid
from jobs.kit.http import BadRequestError, Request

_MAX_DIGITS: Final = 9
MAX_SKIP: Final = 10**_MAX_DIGITS - 1
MAX_TAKE: Final = 100
DEFAULT_TAKE: Final = 12


def parse_job_id(request: Request) -> str:
    """Return the path's job. Raises `JobNotFoundError` if the id is malformed."""
    job_id = parse_uuid(request.path("id"))
    if job_id is None:
        raise JobNotFoundError
    return job_id


def parse_page(request: Request) -> tuple[int, int]:
    """Return the values of `skip` and `take`. Raises `BadRequestError`."""
    return (
        _number(request, "skip", default=0, minimum=0, maximum=MAX_SKIP),
        _number(request, "take", default=DEFAULT_TAKE, minimum=1, maximum=MAX_TAKE),
    )


def _number(request: Request, name: str, *, default: int, minimum: int, maximum: int) -> int:
    text = request.query(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise BadRequestError(f"{name} must be a whole number of {minimum} or more")
    if not minimum <= int(text) <= maximum:
        raise BadRequestError(f"{name} must be from {minimum} to {maximum}")
    return int(text)
