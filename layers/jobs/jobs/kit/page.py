"""HTML pages with a strict Content-Security-Policy, as users may type secrets there."""

import secrets
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from jobs.kit.http import Response

_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # its URL may contain a share's code
    "X-Content-Type-Options": "nosniff",
}


def page(template: str, *, connects_to: str, **values: str) -> Response:
    """Fill in a template's `{{values}}`, `{{nonce}}` included.

    The page may run scripts and styles that have the nonce, and connect to its own host and to
    the host of `connects_to`.
    """
    nonce = secrets.token_urlsafe(16)
    for name, value in {**values, "nonce": nonce}.items():
        template = template.replace(f"{{{{{name}}}}}", escape(value))
    url = urlsplit(connects_to)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"connect-src 'self' {url.scheme}://{url.netloc}; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(HTTPStatus.OK, {}, headers, page=template)
