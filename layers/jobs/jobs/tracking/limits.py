"""Limits of shares and watchers. They bound what one message costs the shared workers."""

from typing import Final

MAX_SHARES_OF_RESOURCE: Final = 20
MAX_SHARES_OF_TENANT: Final = 1000
MAX_VIEWERS_OF_SHARE: Final = 50
"""A share's own `max_viewers` may be lower."""

MAX_WATCHERS_OF_RESOURCE: Final = 100
MAX_WATCHERS_OF_TENANT: Final = 1000
"""WebSocket connections by token or share."""

MAX_VIEWERS_OF_RESOURCE: Final = 80
MAX_VIEWERS_OF_TENANT: Final = 800
"""A connection by share is refused above this number of watchers: anonymous viewers never take the
last places, which are the organisation's own."""
