"""The rules of a create's body, with the texts of the contract."""

import math
from typing import Any, Final

from jobs.kit.clock import Millis
from jobs.kit.rules import require
from jobs.messaging.message import MAX_TIMEOUT, MAX_WORKER_TIMEOUT

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
    require(value <= MAX_WORKER_TIMEOUT, _too_long(MAX_TIMEOUT))
    # Up, so that the limit of the agent refuses what is a fraction over it.
    return int(value) if value <= MAX_TIMEOUT else math.ceil(value)


def check_timeout_of_agent(value: Millis | None, longest: Millis) -> None:
    """Check a timeout when its agent is known: `worker` agents may allow longer ones."""
    require(value is None or value <= longest, _too_long(longest))


def _too_long(longest: Millis) -> str:
    return f"timeoutMs cannot exceed {longest}ms"
