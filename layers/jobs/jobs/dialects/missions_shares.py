"""The missions API (contract: missions.md): how it takes and spells shares."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, Field, TypeAdapter, with_config

from jobs.dialects.missions_body import Id, Opaque, checked
from jobs.dialects.missions_time import iso
from jobs.domain.client import Caller
from jobs.domain.job import Millis
from jobs.domain.share import Share, ShareType
from jobs.http import Request, Response
from jobs.services.create_share import NewShare

PAGE_PATH: Final = "/tracking"
_MOST_VIEWERS: Final = 1_000_000


@with_config(ConfigDict(strict=True, defer_build=True))
class CreateShare(TypedDict):
    resourceId: Id
    shareType: Literal["STREAM", "DEVICE_STATUS"]
    permissions: Annotated[list[Literal["view"]], Field(min_length=1, max_length=1)]
    expiresIn: Annotated[int, Field(ge=60, le=86400)]
    maxViewers: NotRequired[Annotated[int, Field(ge=1, le=_MOST_VIEWERS)]]
    metadata: NotRequired[Opaque]


CREATE: Final[TypeAdapter[CreateShare]] = TypeAdapter(CreateShare)


def new_share(request: Request, caller: Caller, *, now: Millis) -> NewShare:
    """Raises `BadRequestError`."""
    body = checked(CREATE, request.json(), now=now)
    return NewShare(
        tenant=caller.tenant,
        resource_id=body["resourceId"],
        type=ShareType(body["shareType"]),
        lifetime=body["expiresIn"] * 1000,
        max_viewers=body.get("maxViewers"),
        metadata=body.get("metadata", {}),
    )


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
