"""The missions API (contract: missions.md): the page that a share's URL leads to."""

import secrets
from collections.abc import Mapping
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jobs.http import Response

_PAGE: Final = Path(__file__).parents[1] / "pages/tracking.html"
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # its address holds the share's code
    "X-Content-Type-Options": "nosniff",
}


def tracking(websocket_url: str) -> Response:
    """The page may run its own script, show its own styles, and connect to our WebSocket API."""
    nonce = secrets.token_urlsafe(16)
    page = _template().replace("{{websocket}}", escape(websocket_url)).replace("{{nonce}}", nonce)
    url = urlsplit(websocket_url)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"connect-src 'self' {url.scheme}://{url.netloc}; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(HTTPStatus.OK, {}, headers, page=page)


@cache
def _template() -> str:
    return _PAGE.read_text("utf-8")
