"""Exit codes, and advice on errors."""

from collections.abc import Mapping
from typing import Final

from sortie_client.errors import (
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    InvalidIdError,
    JobFailedError,
    NotConfiguredError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    SortieError,
)

JOB_FAILED: Final = 1
USAGE_ERROR: Final = 2
REFUSED: Final = 3
UNAVAILABLE: Final = 4
INTERRUPTED: Final = 130

_ADVICE: Final[Mapping[type[SortieError], tuple[int, str]]] = {
    JobFailedError: (JOB_FAILED, ""),
    InvalidIdError: (USAGE_ERROR, ""),
    NotConfiguredError: (USAGE_ERROR, ""),
    ConnectionFailedError: (
        UNAVAILABLE,
        "Check that the server is running and SORTIE_BASE_URL is its address.",
    ),
    RateLimitedError: (UNAVAILABLE, "Try again later."),
    ServerError: (UNAVAILABLE, "Try again later."),
    AuthenticationError: (REFUSED, "Check the API key. `sortie --help` lists its variables."),
    PermissionDeniedError: (REFUSED, "Use a key or client with more permissions."),
    PaymentRequiredError: (REFUSED, "`sortie` cannot pay. Use the Python client with `payment=`."),
    ApiError: (REFUSED, ""),
    SortieError: (UNAVAILABLE, ""),
}


def explain(error: SortieError) -> tuple[str, int]:
    """Return the error's text with advice, and the exit code."""
    code, advice = next(_ADVICE[kind] for kind in type(error).__mro__ if kind in _ADVICE)
    if isinstance(error, RateLimitedError) and error.retry_after:
        advice = f"Try again in {error.retry_after:.0f} s."
    return f"{error}\n{advice}".rstrip(), code
