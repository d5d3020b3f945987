"""The missions API (contract: missions.md): how it spells shares."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from jobs.kit.http import Response
from jobs.kit.iso_time import iso
from jobs.tracking.share import Share

PAGE_PATH: Final = "/tracking"


def created(share: Share, base_url: str) -> Response:
    brief = {
        "shareCode": share.code,
        "shareUrl": _url(share, base_url),
        "expiresAt": iso(share.expires_at),
        "maxViewers": share.max_viewers,
    }
    return Response(HTTPStatus.CREATED, {"success": True, "share": brief})


def found(share: Share, base_url: str) -> Response:
    return Response(HTTPStatus.OK, {"success": True, "share": _spelled(share, base_url)})


def listed(shares: Sequence[Share], base_url: str) -> Response:
    spelled = [_spelled(share, base_url) for share in shares]
    return Response(HTTPStatus.OK, {"success": True, "shares": spelled, "count": len(spelled)})


def revoked() -> Response:
    return Response(HTTPStatus.OK, {"success": True, "message": "Share revoked successfully"})


def _spelled(share: Share, base_url: str) -> dict[str, Any]:
    return {
        "shareCode": share.code,
        "shareUrl": _url(share, base_url),
        "resourceId": share.resource.id,
        "shareType": share.type,
        "permissions": ["view"],
        "createdAt": iso(share.created_at),
        "expiresAt": iso(share.expires_at),
        "maxViewers": share.max_viewers,
        "metadata": share.metadata,
    }


def _url(share: Share, base_url: str) -> str:
    return f"{base_url}{PAGE_PATH}?share={share.code}"
