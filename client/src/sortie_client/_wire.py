"""What both ways of doing I/O share: how requests, answers and failures look to httpx."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx

from sortie_client._flow import Answer, Request
from sortie_client.errors import ConnectionFailedError, NotConfiguredError, api_error

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def path(*parts: str) -> str:
    """Join parts of a path; what is an id can not lead elsewhere."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def present(**fields: Any) -> dict[str, Any]:
    """Leave out what is None."""
    return {name: value for name, value in fields.items() if value is not None}


def asked(request: Request) -> dict[str, Any]:
    """Arguments of httpx's `build_request`."""
    default = httpx.USE_CLIENT_DEFAULT
    return {
        "method": request.method,
        "url": request.path,
        "headers": request.headers,
        "params": present(**request.query),
        "json": request.body,
        "timeout": default if request.seconds is None else request.seconds,
    }


def answer(response: httpx.Response, body: bytes) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, body, str(response.url))


@contextmanager
def failures() -> Iterator[None]:
    """Turn what httpx raises into `ConnectionFailedError`."""
    try:
        yield
    except httpx.HTTPError as error:
        text = str(error) or type(error).__name__
        raise ConnectionFailedError(text, sent=not isinstance(error, _NEVER_SENT)) from error


@contextmanager
def socket_failures() -> Iterator[None]:
    """Turn what websockets raises into `ConnectionFailedError`, or `ApiError` if we are refused."""
    from websockets.exceptions import InvalidStatus, WebSocketException  # noqa: PLC0415

    try:
        yield
    except InvalidStatus as error:
        status, body = error.response.status_code, bytes(error.response.body or b"")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ConnectionFailedError(f"The server answers {status}", sent=True) from None
        raise api_error(status, {}, body) from None
    except (WebSocketException, OSError) as error:
        kind = type(error).__name__  # and no more: the text may have the URL, token and all
        raise ConnectionFailedError(f"The connection failed: {kind}", sent=True) from None


def no_sockets() -> NotConfiguredError:
    return NotConfiguredError("Watching needs a package: pip install 'sortie-client[watch]'")
