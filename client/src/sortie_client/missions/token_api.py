"""Access tokens, and calls that authenticate with one."""

import time
from collections.abc import Mapping
from typing import Any, Final

from sortie_client._core.flow import Flow, Request, Response
from sortie_client._core.operation import Api, operation
from sortie_client._core.retry import RetryPolicy, send
from sortie_client.errors import (
    AuthenticationError,
    NotConfiguredError,
    UnexpectedResponseError,
)
from sortie_client.missions.token_file import TokenFile
from sortie_client.settings import MissionsCredentials

_EXPIRY_MARGIN_S: Final = 60.0


class TokenApi[R](Api[R]):
    """Requests an access token when it is needed, and a new one before it expires."""

    def __init__(
        self,
        runner: R,
        retry_policy: RetryPolicy,
        credentials: MissionsCredentials | None,
        token_file: TokenFile | None,
    ) -> None:
        super().__init__(runner, retry_policy)
        self._credentials = credentials
        self._token_file = token_file
        self._token: str | None = None
        self._expires_at = 0.0
        if token_file and (kept := token_file.get()):
            self._keep(*kept, since=time.monotonic())

    @operation
    def get_token(self) -> Flow[str]:
        """Return an access token that is valid for at least a minute."""
        return (yield from self._get_token())

    def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Flow[Response]:
        """Retry once with a new token if the server refuses a cached one.

        `options`: the other fields of `Request`.
        """
        for cached in (self._token, None):
            token = yield from self._get_token()
            sent = {"Authorization": f"Bearer {token}", **(headers or {})}
            request = Request(method=method, path=path, headers=sent, **options)
            try:
                return (yield from send(request, self._retry_policy))
            except AuthenticationError:
                if cached is None:
                    raise
                self._forget_token()
        raise AssertionError

    @property
    def _has_token(self) -> bool:
        return self._token is not None and time.monotonic() < self._expires_at

    def _forget_token(self) -> None:
        self._token = None

    def _get_token(self) -> Flow[str]:
        if self._token is not None and self._has_token:
            return self._token
        if self._credentials is None:
            raise NotConfiguredError(
                "Credentials for missions are missing. Set SORTIE_MISSIONS_API_KEY,"
                " SORTIE_CLIENT_ID and SORTIE_CLIENT_SECRET, or pass Settings(missions=…)"
            )
        requested_at = time.monotonic()
        request = Request(
            method="POST",
            path="/v3/auth/token",
            headers={"X-API-Key": self._credentials.api_key},
            body={
                "grant_type": "client_credentials",
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.client_secret,
            },
        )
        response = yield from send(request, self._retry_policy)
        try:
            token = str(response.json["access_token"])
            lifetime = float(response.json["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnexpectedResponseError("The response contains no access token") from error
        self._keep(token, lifetime, since=requested_at)
        if self._token_file:
            self._token_file.put(token, lifetime)
        return token

    def _keep(self, token: str, lifetime: float, *, since: float) -> None:
        self._token, self._expires_at = token, since + lifetime - _EXPIRY_MARGIN_S
