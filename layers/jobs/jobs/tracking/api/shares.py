"""The missions API (contract: missions.md): responses about shares."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.errors import BadCursorError
from jobs.kit.http import Request, Response
from jobs.kit.iso_time import iso
from jobs.tracking.share import Share, SharePage, is_share_id

if TYPE_CHECKING:
    from jobs.missions.api.types import MessageResponse
    from jobs.tracking.api import types

PAGE_PATH: Final = "/tracking"


def created_response(share: Share, base_url: str) -> Response[types.CreateShareResponse]:
    return Response(HTTPStatus.CREATED, {"success": True, "share": _to_summary(share, base_url)})


def share_response(share: Share, base_url: str) -> Response[types.GetShareResponse]:
    return Response(HTTPStatus.OK, {"success": True, "share": _to_share(share, base_url)})


def parse_cursor(request: Request) -> str | None:
    """Return the last share of the previous page. Raises `BadCursorError`."""
    cursor = request.query("cursor")
    if cursor is not None and not is_share_id(cursor):
        raise BadCursorError
    return cursor


def list_response(found: SharePage, base_url: str) -> Response[types.ListSharesResponse]:
    """Return a page, oldest first."""
    oldest_first = sorted(found.shares, key=lambda share: (share.created_at, share.id))
    listed = [_to_share(share, base_url) for share in oldest_first]
    page: types.ListSharesResponse = {"success": True, "shares": listed, "count": len(listed)}
    if found.next is not None:
        page["nextCursor"] = found.next
    return Response(HTTPStatus.OK, page)


def revoked_response() -> Response[MessageResponse]:
    return Response(HTTPStatus.OK, {"success": True, "message": "Share revoked successfully"})


def _to_share(share: Share, base_url: str) -> types.Share:
    return {
        **_to_summary(share, base_url),
        "resourceId": share.resource.id,
        "shareType": share.type.value,
        "permissions": ["view"],
        "createdAt": iso(share.created_at),
        "metadata": share.metadata,
    }


def _to_summary(share: Share, base_url: str) -> types.ShareSummary:
    return {
        "shareCode": share.code,
        "shareUrl": f"{base_url}{PAGE_PATH}?share={share.code}",
        "expiresAt": iso(share.expires_at),
        "maxViewers": share.max_viewers,
    }
