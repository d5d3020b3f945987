"""The base of the APIs that authenticate with an API key."""

from collections.abc import Mapping
from typing import Any

from sortie_client._core.flow import Flow, Request, Response
from sortie_client._core.operation import Api
from sortie_client._core.retry import RetryPolicy, send


class KeyApi[R](Api[R]):
    def __init__(self, runner: R, retry_policy: RetryPolicy, api_key: str | None) -> None:
        super().__init__(runner, retry_policy)
        self._key = {"X-API-Key": api_key} if api_key else {}

    def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Flow[Response]:
        """`options`: the other fields of `Request`."""
        return send(self._request(method, path, headers=headers, **options), self._retry_policy)

    def _request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Request:
        headers = {**self._key, **(headers or {})}
        return Request(method=method, path=path, headers=headers, **options)
