"""What the APIs take and answer: for programs an OpenAPI document each, for people a page of them.

The files are in a layer that only these endpoints have: docs/adr/0027.
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
from jobs.kit.page import page
from openapi_files import FOLDER

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "X-Content-Type-Options": "nosniff",
}
FIRST: Final = "messaging"  # what the page shows to those who have not chosen
_DOCUMENTS: Final = FOLDER / "documents"
_KINDS: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class NoSuchFileError(Exception):
    """Nothing is served under this name. `available` is what is."""

    def __init__(self, name: str, available: list[str]) -> None:
        super().__init__(f"There is no {name} here")
        self.available = available


_ERRORS: Final[ErrorTable] = {**COMMON, NoSuchFileError: (HTTPStatus.NOT_FOUND, "NOT_FOUND", "")}


def document(name: str, server: str, known: str | None) -> Response:
    """Return the document of this name for callers of `server`, or 304 if they have it already.

    `known` is the `If-None-Match` of RFC 9110. Raises `NoSuchFileError`.
    """
    if name not in _apis():
        raise NoSuchFileError(name, sorted(_apis()))
    described = json.loads((_DOCUMENTS / name).read_text("utf-8"))
    answer = Response(HTTPStatus.OK, {**described, "servers": [{"url": server}]})
    tag = f'"{hashlib.sha256(answer.text.encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "Content-Type": answer.content_type, "ETag": tag}
    if known and {tag, "*"} & {each.strip().removeprefix("W/") for each in known.split(",")}:
        return Response(HTTPStatus.NOT_MODIFIED, {}, headers, page="")
    return replace(answer, headers=headers)


def swagger_ui(root: str, server: str) -> Response:
    """Return the page, whose way to what it loads begins with `root`.

    The version in those addresses lets browsers keep what they load for ever.
    """
    titles = {name.removesuffix(".json"): title for name, title in _apis().items()}
    first = {FIRST: titles[FIRST], **titles}
    template = (FOLDER / "page.html").read_text("utf-8")
    return page(template, connects_to=server, apis=json.dumps(first), root=root, version=_version())


def file(name: str, version: str | None) -> Response:
    """Return what the page loads. Raises `NoSuchFileError`."""
    found = {each.name: each for each in _loaded()}
    if name not in found:
        raise NoSuchFileError(name, sorted(found))
    headers = {
        "Cache-Control": _FOR_EVER if version == _version() else "no-cache",
        "Content-Type": _KINDS[found[name].suffix],
    }
    return Response(HTTPStatus.OK, {}, headers, page=found[name].read_text("utf-8"))


def refuse(error: Exception, request: Request) -> Response:
    response = error_response(_ERRORS, error)
    if isinstance(error, NoSuchFileError):
        return Response(response.status, {**response.body, "available": error.available})
    return response


@cache
def _apis() -> Mapping[str, str]:
    """Title of each document, by its file's name."""
    files = sorted(_DOCUMENTS.glob("*.json"))
    return {each.name: json.loads(each.read_text("utf-8"))["info"]["title"] for each in files}


def _loaded() -> list[Path]:
    return sorted(each for each in FOLDER.iterdir() if each.suffix in _KINDS)


@cache
def _version() -> str:
    """Of the content of all that the page loads."""
    digest = hashlib.sha256()
    for each in _loaded():
        digest.update(each.read_bytes())
    return digest.hexdigest()[:16]
