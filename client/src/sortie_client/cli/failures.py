"""What to tell people when something has gone wrong, and what to tell scripts."""

from collections.abc import Mapping
from typing import Final

from sortie_client.errors import (
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    JobFailedError,
    NotConfiguredError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    SortieError,
)

UNSUCCESSFUL: Final = 1
MISUSED: Final = 2
REFUSED: Final = 3
UNAVAILABLE: Final = 4
INTERRUPTED: Final = 130


_EXPLAINED: Final[Mapping[type[SortieError], tuple[int, str]]] = {
    JobFailedError: (UNSUCCESSFUL, ""),
    NotConfiguredError: (MISUSED, ""),
    ConnectionFailedError: (UNAVAILABLE, "Is the server running, and SORTIE_BASE_URL its address?"),
    RateLimitedError: (UNAVAILABLE, "Try again later."),
    ServerError: (UNAVAILABLE, "Try again later."),
    AuthenticationError: (REFUSED, "Is the key right? Those that are read: `sortie --help`."),
    PermissionDeniedError: (REFUSED, "This needs a key or client that may do more."),
    PaymentRequiredError: (REFUSED, "This server wants to be paid, which only programs can do."),
    ApiError: (REFUSED, ""),
    SortieError: (UNAVAILABLE, ""),
}


def explained(error: SortieError) -> tuple[str, int]:
    """Return what to say, which includes what can be done about it, and the exit code."""
    code, advice = next(_EXPLAINED[kind] for kind in type(error).__mro__ if kind in _EXPLAINED)
    if isinstance(error, RateLimitedError) and error.retry_after:
        advice = f"Try again in {error.retry_after:.0f} s."
    return f"{error}\n{advice}".rstrip(), code
