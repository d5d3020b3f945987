"""HTML pages with a strict Content-Security-Policy, as users may type secrets there."""

import re
import secrets
from collections.abc import Mapping
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jobs.kit.http import Response

_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # its URL may contain a share's code
    "X-Content-Type-Options": "nosniff",
}
_NO_MARKUP: Final = "; require-trusted-types-for 'script'; trusted-types 'none'"
_SHARED: Final = Path(__file__).with_name("pages")
_INCLUDE: Final = re.compile(r"\{\{include ([a-z]+\.(?:css|js))\}\}")


@cache
def read_template(file: Path) -> str:
    """Read a page's template, with the files that it includes: `{{include base.css}}`.

    They are beside it, or among the shared files. So a page is one document, without a build.
    """

    def include(found: re.Match[str]) -> str:
        own = file.with_name(found[1])
        return (own if own.exists() else _SHARED / found[1]).read_text("utf-8").rstrip()

    return _INCLUDE.sub(include, file.read_text("utf-8"))


def page(
    template: str, *, connects_to: str = "", parses_markup: bool = True, **values: str
) -> Response:
    """Fill in a template's `{{values}}`, `{{nonce}}` included.

    The page may run scripts and styles that have the nonce, and connect to its own host and to
    the host of `connects_to`. Unless it `parses_markup`, browsers refuse its scripts every way to
    turn text into elements, such as `innerHTML`.
    """
    nonce = secrets.token_urlsafe(16)
    for name, value in {**values, "nonce": nonce}.items():
        template = template.replace(f"{{{{{name}}}}}", escape(value))
    url = urlsplit(connects_to)
    host = f" {url.scheme}://{url.netloc}" if connects_to else ""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        f"connect-src 'self'{host}; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        f"{'' if parses_markup else _NO_MARKUP}"
    )
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(HTTPStatus.OK, {}, headers, page=template)
