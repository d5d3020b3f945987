"""The rules of workers' bodies, without pydantic, which would double the cold start."""

from typing import Any, Final

from jobs.core.ids import parse_uuid
from jobs.kit.rules import require, units

MAX_AGENTS: Final = 10
MAX_JOBS: Final = 10
MAX_WAIT_S: Final = 20
MAX_WORKER_NAME: Final = 64
MAX_MESSAGE: Final = 200
MAX_ERROR: Final = 500
MAX_OUTPUT: Final = 60_000
MAX_RETRY_AFTER_S: Final = 300
_MAX_INTEGER: Final = 2**31


def check_agents(value: Any) -> list[str]:
    ids = value if isinstance(value, list) else []
    require(1 <= len(ids) <= MAX_AGENTS, f"agents must be a list of 1 to {MAX_AGENTS} ids")
    found = [parse_uuid(each) if isinstance(each, str) else None for each in ids]
    require(None not in found, "agents must be ids of agents, which are UUIDs")
    return [*dict.fromkeys(each for each in found if each)]


def check_max_jobs(value: Any) -> int:
    return _whole("maxJobs", value, 1, MAX_JOBS)


def check_wait(value: Any) -> int:
    return _whole("waitSeconds", value, 0, MAX_WAIT_S)


def check_worker(value: Any) -> str:
    return _text("worker", value, MAX_WORKER_NAME)


def check_attempt(value: Any) -> int:
    return _whole("attempt", value, 1, _MAX_INTEGER)


def check_number(value: Any) -> int:
    return _whole("number", value, 1, _MAX_INTEGER)


def check_output(value: Any) -> str:
    is_text = isinstance(value, str) and 0 < units(value) <= MAX_OUTPUT
    require(is_text, f"output must be a text of 1 to {MAX_OUTPUT} characters")
    return str(value)


def check_error(value: Any) -> str:
    return _text("error", value, MAX_ERROR)


def check_retryable(value: Any) -> bool:
    require(isinstance(value, bool), "retryable must be true or false")
    return bool(value)


def check_retry_after(value: Any) -> int:
    return _whole("retryAfterSeconds", value, 0, MAX_RETRY_AFTER_S)


def check_progress(value: Any) -> dict[str, Any]:
    """Return the parts of a progress that are given."""
    require(isinstance(value, dict), "progress must be an object")
    told: dict[str, Any] = {}
    if (percent := value.get("percent")) is not None:
        number = isinstance(percent, int | float) and not isinstance(percent, bool)
        in_range = number and 0 <= percent <= 100  # noqa: PLR2004
        require(in_range, "progress.percent must be a number from 0 to 100")
        told["percent"] = percent
    if (message := value.get("message")) is not None:
        told["message"] = _text("progress.message", message, MAX_MESSAGE)
    return told


def _whole(name: str, value: Any, least: int, most: int) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_whole = is_number and value == value // 1 and least <= value <= most
    require(is_whole, f"{name} must be a whole number from {least} to {most}")
    return int(value)


def _text(name: str, value: Any, longest: int) -> str:
    is_text = isinstance(value, str) and len(value) <= longest
    require(is_text, f"{name} must be a text of at most {longest} characters")
    return str(value)
