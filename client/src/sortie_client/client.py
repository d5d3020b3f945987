"""The synchronous and the asynchronous client. Both have the same methods."""

from typing import Any, Final, Self

import httpx

from sortie_client._core.asynchronous import AsyncPayment, AsyncRunner
from sortie_client._core.http import is_loopback, proxy_errors
from sortie_client._core.synchronous import Payment, SyncRunner
from sortie_client.admin.api import AdminApi
from sortie_client.docs.api import DocsApi
from sortie_client.messaging.api import MessagingApi
from sortie_client.missions.api import MissionsApi
from sortie_client.missions.token_file import TokenFile
from sortie_client.sessions.api import SessionsApi
from sortie_client.settings import Settings
from sortie_client.webhooks.api import WebhooksApi
from sortie_client.workers.api import WorkersApi

VERSION: Final = "0.1.0"


class _Apis[R]:
    """The APIs of one server over one runner."""

    def __init__(self, runner: R, settings: Settings) -> None:
        key, policy = settings.api_key, settings.retry_policy
        self.messaging = MessagingApi(runner, policy, key)
        self.sessions = SessionsApi(runner, policy, key)
        self.missions = MissionsApi(
            runner, policy, settings.missions, settings.websocket_url, TokenFile.of(settings)
        )
        self.docs = DocsApi(runner, policy, settings.docs)
        self.webhooks = WebhooksApi(runner, policy, key)
        self.admin = AdminApi(runner, policy, settings.admin_key)
        self.workers = WorkersApi(runner, policy, settings.worker_key)


class Sortie(_Apis[SyncRunner]):
    """A client of one server. `settings` defaults to `Settings.find()`.

    `payment`: called with the offer of a 402 response, it returns the headers of a payment. Without
    it, calls raise `PaymentRequiredError`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        payment: Payment | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        settings = settings or Settings.find()
        with proxy_errors():
            self._client = httpx.Client(transport=transport, **_options(settings))
        super().__init__(SyncRunner(self._client, payment), settings)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncSortie(_Apis[AsyncRunner]):
    """`Sortie` for asynchronous programs; `payment` may be a coroutine function."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        payment: AsyncPayment | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        settings = settings or Settings.find()
        with proxy_errors():
            self._client = httpx.AsyncClient(transport=transport, **_options(settings))
        super().__init__(AsyncRunner(self._client, payment), settings)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "base_url": settings.base_url,
        "trust_env": not is_loopback(settings.base_url),  # httpx takes proxies from there
        "headers": {"Accept": "application/json", "User-Agent": f"sortie-client/{VERSION}"},
        "timeout": settings.timeout,
    }
