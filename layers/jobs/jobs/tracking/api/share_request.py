"""The missions API (contract: missions.md): parses requests for shares."""

from typing import Annotated, Final, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, Field, TypeAdapter, with_config

from jobs.kit.body_rules import Whole
from jobs.kit.clock import Millis
from jobs.kit.http import Request
from jobs.missions.api.bodies import Id, Opaque, validate_body
from jobs.missions.partner import Caller
from jobs.tracking.create_share import NewShare
from jobs.tracking.share import ShareType

_MAX_VIEWERS: Final = 1_000_000


@with_config(ConfigDict(strict=True, defer_build=True))
class CreateShare(TypedDict):
    resourceId: Id
    shareType: Literal["STREAM", "DEVICE_STATUS"]
    permissions: Annotated[list[Literal["view"]], Field(min_length=1, max_length=1)]
    expiresIn: Annotated[int, Field(ge=60, le=86400), Whole]
    maxViewers: NotRequired[Annotated[int, Field(ge=1, le=_MAX_VIEWERS), Whole]]
    metadata: NotRequired[Opaque]


CREATE: Final[TypeAdapter[CreateShare]] = TypeAdapter(CreateShare)


def parse_create(request: Request, caller: Caller, *, now: Millis) -> NewShare:
    """Parse a create request. Raises `BadRequestError`."""
    body = validate_body(CREATE, request.json(), now=now)
    return NewShare(
        tenant=caller.tenant,
        resource_id=body["resourceId"],
        type=ShareType(body["shareType"]),
        lifetime=body["expiresIn"] * 1000,
        max_viewers=body.get("maxViewers"),
        metadata=body.get("metadata", {}),
    )
