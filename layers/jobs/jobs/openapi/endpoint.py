"""Serve the OpenAPI documents, and a Swagger UI page that shows them.

The files are in a layer of their own, which only these endpoints use: docs/adr/0027.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from jobs.kit.error_table import COMMON, ErrorTable, error_response
from jobs.kit.http import Request, Response
from jobs.kit.page import page, read_template
from jobs.openapi.without_payments import without_payments
from openapi_files import FOLDER

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "X-Content-Type-Options": "nosniff",
}
DEFAULT_API: Final = "messaging"  # the page shows it first
_DOCUMENTS: Final = FOLDER / "documents"
_CONTENT_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_IMMUTABLE: Final = "public, max-age=31536000, immutable"


class NoSuchFileError(Exception):
    """No such file. `available` lists the names of the files that exist."""

    def __init__(self, name: str, available: list[str]) -> None:
        super().__init__(f"There is no {name} here")
        self.available = available


_ERRORS: Final[ErrorTable] = {**COMMON, NoSuchFileError: (HTTPStatus.NOT_FOUND, "NOT_FOUND", "")}


def document_response(
    name: str, server: str, if_none_match: str | None, *, payments: bool
) -> Response:
    """Return an OpenAPI document, or 304 if the caller's copy is current.

    `server` is the API's base URL. Without `payments`, the document does not mention them.

    Raises `NoSuchFileError` if there is no document of this name.
    """
    if name not in _apis():
        raise NoSuchFileError(name, sorted(_apis()))
    content = json.loads((_DOCUMENTS / name).read_text("utf-8"))
    if not payments:
        content = without_payments(content)
    response = Response(HTTPStatus.OK, {**content, "servers": [{"url": server}]})
    etag = f'"{hashlib.sha256(response.text.encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "Content-Type": response.content_type, "ETag": etag}
    cached = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if {etag, "*"} & cached:
        return Response(HTTPStatus.NOT_MODIFIED, {}, headers, page="")
    return replace(response, headers=headers)


def root_response(server: str) -> Response:
    """Redirect to the page."""
    return Response(HTTPStatus.FOUND, {}, {"Location": f"{server}/docs"}, page="")


def page_response(root: str, server: str) -> Response:
    """Return the page. The URLs of its files begin with `root`.

    These URLs contain a version, so that browsers can cache the files without limit.
    """
    titles = {name.removesuffix(".json"): title for name, title in _apis().items()}
    apis = json.dumps({DEFAULT_API: titles[DEFAULT_API], **titles})
    template = read_template(FOLDER / "page.html")
    return page(template, connects_to=server, apis=apis, root=root, version=_version())


def file_response(name: str, version: str | None) -> Response:
    """Return a script or style sheet of the page.

    Raises `NoSuchFileError` if the page has no file of this name.
    """
    files = {file.name: file for file in _page_files()}
    if name not in files:
        raise NoSuchFileError(name, sorted(files))
    headers = {
        "Cache-Control": _IMMUTABLE if version == _version() else "no-cache",
        "Content-Type": _CONTENT_TYPES[files[name].suffix],
    }
    return Response(HTTPStatus.OK, {}, headers, page=files[name].read_text("utf-8"))


def handle_error(error: Exception, request: Request) -> Response:
    response = error_response(_ERRORS, error)
    if isinstance(error, NoSuchFileError):
        return Response(response.status, {**response.body, "available": error.available})
    return response


@cache
def _apis() -> Mapping[str, str]:
    """Return the title of each document by its file name."""
    files = sorted(_DOCUMENTS.glob("*.json"))
    return {each.name: json.loads(each.read_text("utf-8"))["info"]["title"] for each in files}


def _page_files() -> list[Path]:
    return sorted(file for file in FOLDER.iterdir() if file.suffix in _CONTENT_TYPES)


@cache
def _version() -> str:
    """Return a hash of the contents of the page's files."""
    digest = hashlib.sha256()
    for file in _page_files():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
