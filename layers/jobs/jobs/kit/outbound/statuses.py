"""What HTTP statuses say about another attempt."""

from http import HTTPStatus
from typing import Final

_TRANSIENT: Final = frozenset({408, 424, 425, 429})
_PERMANENT: Final = frozenset({501, 505, 511})


def is_transient(status: int) -> bool:
    """Return whether the same request may succeed later."""
    return status in _TRANSIENT or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _PERMANENT
    )
