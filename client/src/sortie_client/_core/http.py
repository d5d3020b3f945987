"""The translation between flows and httpx or websockets, which both runners share."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote

import httpx

from sortie_client._core.flow import Request, Response
from sortie_client.errors import (
    ConnectionFailedError,
    InvalidIdError,
    NotConfiguredError,
    api_error,
)

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def is_loopback(url: str) -> bool:
    """Whether a URL is of this machine, which no proxy can reach."""
    host = httpx.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def path(*parts: str) -> str:
    """Join path segments; escape each, so that no id can address another resource.

    Raises `InvalidIdError` for segments that clients and servers remove from a path.
    """
    for part in parts:
        if part in {"", ".", ".."}:
            raise InvalidIdError(f"{part!r} is not an id. Nothing was sent")
    return "/" + "/".join(quote(part, safe="") for part in parts)


def without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def request_options(request: Request) -> dict[str, Any]:
    """Return the arguments of httpx's `build_request`."""
    default = httpx.USE_CLIENT_DEFAULT
    return {
        "method": request.method,
        "url": request.path,
        "headers": request.headers,
        "params": without_none(**request.query),
        "json": request.body,
        "timeout": default if request.timeout_s is None else request.timeout_s,
    }


def to_response(response: httpx.Response, body: bytes) -> Response:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status_code, headers, body, str(response.url))


@contextmanager
def connection_errors() -> Iterator[None]:
    """Convert httpx's errors to `ConnectionFailedError`, which names the server's address."""
    try:
        yield
    except httpx.HTTPError as error:
        url = error.request.url
        address = f"{url.scheme}://{url.netloc.decode()}"
        text = f"{address}: {str(error) or type(error).__name__}"
        raise ConnectionFailedError(text, sent=not isinstance(error, _NEVER_SENT)) from error


@contextmanager
def websocket_errors() -> Iterator[None]:
    """Convert websockets' errors to `ConnectionFailedError`, or `ApiError` for a refusal."""
    from websockets.exceptions import InvalidStatus, WebSocketException  # noqa: PLC0415 - an extra

    try:
        yield
    except InvalidStatus as error:
        status, body = error.response.status_code, bytes(error.response.body or b"")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            text = f"The server refused the WebSocket connection with HTTP {status}"
            raise ConnectionFailedError(text, sent=True) from None
        raise api_error(status, {}, body) from None
    except (WebSocketException, OSError) as error:
        kind = type(error).__name__  # not the message: it may contain the URL with the token
        raise ConnectionFailedError(f"The WebSocket connection failed: {kind}", sent=True) from None


@contextmanager
def proxy_errors() -> Iterator[None]:
    """Convert errors about a proxy in the environment to `NotConfiguredError`."""
    try:
        yield
    except (ImportError, ValueError) as error:
        text = "The proxy of HTTP_PROXY, HTTPS_PROXY or ALL_PROXY cannot be used"
        raise NotConfiguredError(f"{text}: {error}") from error


def connect_options(url: str) -> dict[str, Any]:
    """Return the arguments of websockets' `connect`, which by default uses proxies for all URLs."""
    return {"proxy": None} if is_loopback(url) else {}


def missing_websockets() -> NotConfiguredError:
    return NotConfiguredError(
        "Tracking needs the package websockets: pip install 'sortie-client[watch]'"
    )
