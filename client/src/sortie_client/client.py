"""The two clients: the same methods, one for code that waits, one for code that awaits."""

from typing import Any, Final, Self

import httpx

from sortie_client import _awaiting, _blocking
from sortie_client._operation import Awaiting, Blocking
from sortie_client.docs import DocsCalls
from sortie_client.messaging import MessagingCalls
from sortie_client.missions import MissionsCalls
from sortie_client.sessions import SessionsCalls
from sortie_client.settings import Settings
from sortie_client.webhooks import WebhooksCalls

VERSION: Final = "0.1.0"


class Messaging(MessagingCalls, Blocking):
    __doc__ = MessagingCalls.__doc__


class Sessions(SessionsCalls, Blocking):
    __doc__ = SessionsCalls.__doc__


class Missions(MissionsCalls, Blocking):
    __doc__ = MissionsCalls.__doc__


class Docs(DocsCalls, Blocking):
    __doc__ = DocsCalls.__doc__


class Webhooks(WebhooksCalls, Blocking):
    __doc__ = WebhooksCalls.__doc__


class AsyncMessaging(MessagingCalls, Awaiting):
    __doc__ = MessagingCalls.__doc__


class AsyncSessions(SessionsCalls, Awaiting):
    __doc__ = SessionsCalls.__doc__


class AsyncMissions(MissionsCalls, Awaiting):
    __doc__ = MissionsCalls.__doc__


class AsyncDocs(DocsCalls, Awaiting):
    __doc__ = DocsCalls.__doc__


class AsyncWebhooks(WebhooksCalls, Awaiting):
    __doc__ = WebhooksCalls.__doc__


class Sortie:
    """A client of one server. Without settings it finds them (`Settings.find`).

    `payment` answers a 402's offer with the headers of a payment; without it, a 402 is raised.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        payment: _blocking.Payment | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        to = settings or Settings.find()
        self._http = httpx.Client(transport=transport, **_options(to))
        player = _blocking.Player(self._http, payment)
        self.messaging = Messaging(player, to.api_key, to.retries)
        self.sessions = Sessions(player, to.api_key, to.retries)
        self.missions = Missions(player, to.missions, to.websocket_url, to.retries)
        self.docs = Docs(player, to.docs, to.retries)
        self.webhooks = Webhooks(player, to.api_key, to.retries)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncSortie:
    """`Sortie` for `async` code; its `payment` may be a coroutine function."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        payment: _awaiting.AsyncPayment | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        to = settings or Settings.find()
        self._http = httpx.AsyncClient(transport=transport, **_options(to))
        player = _awaiting.Player(self._http, payment)
        self.messaging = AsyncMessaging(player, to.api_key, to.retries)
        self.sessions = AsyncSessions(player, to.api_key, to.retries)
        self.missions = AsyncMissions(player, to.missions, to.websocket_url, to.retries)
        self.docs = AsyncDocs(player, to.docs, to.retries)
        self.webhooks = AsyncWebhooks(player, to.api_key, to.retries)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "base_url": settings.base_url,
        "headers": {"Accept": "application/json", "User-Agent": f"sortie-client/{VERSION}"},
        "timeout": settings.timeout,
    }
