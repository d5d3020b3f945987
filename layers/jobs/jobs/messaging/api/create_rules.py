"""The rules of a create's body, with the texts of the contract."""

from typing import Any, Final

from jobs.kit.clock import Millis
from jobs.kit.rules import require
from jobs.messaging.message import MAX_TIMEOUT

MAX_CONTENT: Final = 50_000
MIN_TIMEOUT: Final[Millis] = 1000


def check_agent_id(value: Any) -> Any:
    require(isinstance(value, str), "agentId must be a valid UUID string")
    return value


def check_user_id(value: Any) -> Any:
    require(isinstance(value, str), "userId is required and must be a valid UUID string")
    return value


def check_timeout(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    require(number and value >= 0, "timeoutMs must be a positive number")
    require(value >= MIN_TIMEOUT, f"timeoutMs must be at least {MIN_TIMEOUT}ms")
    require(value <= MAX_TIMEOUT, f"timeoutMs cannot exceed {MAX_TIMEOUT}ms")
    return int(value)
