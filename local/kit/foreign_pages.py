"""Refuse requests that a foreign web page makes the developer's browser send to a local port.

Some of these ports run code or need no credentials. A browser names the page in `Origin` and
`Sec-Fetch-Site`. A page whose own name resolves to this machine (DNS rebinding) keeps that name in
`Host`; an address in `Host` cannot be rebound.
https://fetch.spec.whatwg.org/#origin-header, https://w3c.github.io/webappsec-fetch-metadata/
"""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

HOST_NAMES = ("localhost", "host.docker.internal")  # the latter is this machine, from a container
POLICY_VIOLATION = 1008  # a close code of WebSocket

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]


def find_refusal(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return why a request is refused, or None for one of a local program or page."""
    for name, value in headers:
        match name.lower():
            case "host" if not is_local_host(value):
                return f"Host {value!r} is not local: use 127.0.0.1 or localhost"
            case "origin" if not is_local_origin(value):
                return f"Origin {value!r} is not local: web pages must not call this port"
            case "sec-fetch-site" if value == "cross-site":
                return "Web pages of other sites must not call this port"
    return None


def find_foreign_host(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return why a request's Host is refused, where pages of all origins may call."""
    return find_refusal((name, value) for name, value in headers if name.lower() == "host")


def is_local_host(host: str) -> bool:
    """Whether a Host header names this machine, or is an address that containers see."""
    name = parse_name(f"//{host}")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return is_local_name(name)
    return address.is_private and not address.is_unspecified


def is_local_origin(origin: str) -> bool:
    """Whether an Origin header names a page that this machine serves. "null" names none."""
    name = parse_name(origin)
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return is_local_name(name)


def is_local_name(name: str) -> bool:
    return name in HOST_NAMES or name.endswith(".localhost")


def parse_name(url: str) -> str:
    """Return the host name of a URL, empty if there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return "" if parts.username is not None else parts.hostname or ""


def refuse_foreign_pages(app: App) -> App:
    """Wrap an ASGI app to refuse requests and WebSocket connections of foreign pages."""

    async def respond(scope: Message, receive: Receive, send: Send) -> None:
        headers = ((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope.get("headers", ()))
        refusal = find_refusal(headers)
        if refusal is None:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            content_type = (b"content-type", b"text/plain; charset=utf-8")
            await send({"type": "http.response.start", "status": 403, "headers": [content_type]})
            await send({"type": "http.response.body", "body": f"{refusal}\n".encode()})

    return respond
