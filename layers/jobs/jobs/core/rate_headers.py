"""Headers of responses under a rate limit."""

from jobs.core.rate_limit import Allowance, RateLimitedError
from jobs.kit.clock import Millis


def rate_headers(allowance: Allowance) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(allowance.limit),
        "X-RateLimit-Remaining": str(allowance.remaining),
        "X-RateLimit-Reset": str(_seconds(allowance.resets_at)),
    }


def refusal_headers(error: RateLimitedError, now: Millis) -> dict[str, str]:
    """Return the headers of a 429 response."""
    return {**rate_headers(error.allowance), "Retry-After": retry_after(error, now)}


def retry_after(error: RateLimitedError, now: Millis) -> str:
    return str(max(1, _seconds(error.allowance.resets_at - now)))


def _seconds(millis: Millis) -> int:
    """Round up, so that a client that waits this long has waited long enough."""
    return -(-millis // 1000)
