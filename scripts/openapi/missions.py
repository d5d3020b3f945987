"""The missions API: what its endpoints take and answer."""

from functools import partial
from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import (
    BadCursorError,
    DeviceGroupNotFoundError,
    DeviceNotFoundError,
    DeviceOfflineError,
    IdempotencyConflictError,
    InvalidClientError,
    JobNotFoundError,
    JobStartedError,
    PlanNotFoundError,
    ResourceNotFoundError,
    ShareNotFoundError,
    StaleJobError,
)
from jobs.core.rate_limit import Allowance, RateLimitedError
from jobs.kit.http import TooLargeError
from jobs.missions.api import errors as missions_errors
from jobs.missions.api import token as missions_token
from jobs.missions.api import types
from jobs.missions.api.access import ForbiddenError, InvalidTokenError, UnsupportedVersionError
from jobs.missions.api.bodies import UPDATE, CreateJob, OlderCreateJob, UpdateJob, checked
from jobs.missions.api.errors import CANNOT_CANCEL, CANNOT_DELETE, CANNOT_UPDATE
from jobs.missions.api.query import DEFAULT_LIMIT, MAX_LIMIT
from jobs.missions.api.token import AccessDeniedError, Credentials, UnsupportedGrantTypeError
from jobs.missions.partner import Role
from jobs.tracking.api import types as tracking
from jobs.tracking.api.share_request import CreateShare
from scripts.openapi.model import NOON, Api, Form, Operation, raised
from scripts.openapi.shared import IDEMPOTENCY_KEY, RETRY_AFTER, JobId

_RATE: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_LIMITED: Final = RateLimitedError(
    Allowance(limit=60, remaining=0, resets_at=NOON + 30_000, granted=False)
)
_WRONG: Final = raised(checked, UPDATE, {"priority": 11}, now=NOON)
_OF_A_JOB: Final = (JobStartedError(), JobNotFoundError(), StaleJobError())
_ROLES: Final = (
    "A partner's program has one of three roles: a VIEWER reads, a PILOT also flies, a MANAGER also"
    " shares."
)


def _for(role: Role, **about: Any) -> dict[str, Any]:
    """What every endpoint that a token opens has in common, for tokens of this role."""
    return {
        "tag": "Missions",
        "description": f"For the role {role.name} or a higher one.",
        "security": ["bearer"],
        "error": types.Error,
        "refuse": partial(missions_errors.refuse, now=NOON),
        **about,
        "refusals": [
            InvalidTokenError(),
            ForbiddenError(role),
            UnsupportedVersionError(),
            *about.get("refusals", ()),
        ],
    }


def _too_late(words: missions_errors.Words) -> Any:
    return partial(missions_errors.refuse, now=NOON, too_late=words)


MISSIONS: Final = Api(
    name="missions",
    title="Drone missions",
    version="3",
    description="Send docked drones out, and let others watch them fly. Wire-compatible with the"
    f" IDI-FLY v3 integration API. {_ROLES}",
    tags={
        "Tokens": "How programs prove who they are",
        "Missions": "What drones are asked to do",
        "Resources": "What there is to fly with",
        "Shares": "Who may watch",
    },
    security={
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "OAuth 2.0 client credentials: an access token of `POST /v3/auth/token`,"
            f" good for an hour. {_ROLES}",
        },
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "`sortie_…`, an organisation's key, which is good for getting tokens",
        },
    },
    parameters={
        "jobId": JobId,
        "shareCode": Annotated[str, Field(description="As the share's create has answered")],
    },
    headers={
        **RETRY_AFTER,
        "X-RateLimit-Limit": Annotated[
            int, Field(ge=1, description="Requests of this kind that a window takes")
        ],
        "X-RateLimit-Remaining": Annotated[int, Field(ge=0, description="What is left of them")],
        "X-RateLimit-Reset": Annotated[
            int, Field(ge=0, description="When the next window begins, in seconds since the epoch")
        ],
    },
    operations=[
        Operation(
            name="create_token",
            method="POST",
            path="/v3/auth/token",
            summary="Get an access token",
            description="OAuth 2.0 client credentials (RFC 6749, 4.4), in JSON. There is no refresh"
            " token: get another one.",
            tag="Tokens",
            security=["apiKey"],
            guarded=False,
            error=types.TokenError,
            refuse=partial(missions_token.refuse, now=NOON),
            body=types.Grant,
            answers={200: types.Token},
            told=dict.fromkeys((200, 400, 401, 429), _RATE),
            refusals=[
                AccessDeniedError(),
                raised(Credentials.of, {"grant_type": "client_credentials"}),
                UnsupportedGrantTypeError(),
                InvalidClientError(),
                TooLargeError(),
                _LIMITED,
            ],
        ),
        Operation(
            name="create_job",
            method="POST",
            path="/v3/jobs/create",
            summary="Ask for a mission to be flown",
            body=CreateJob | OlderCreateJob,
            headers=IDEMPOTENCY_KEY,
            answers={201: types.Created | types.OlderCreated},
            told=dict.fromkeys((201, 400, 404, 409, 413, 429), _RATE),
            **_for(
                Role.PILOT,
                refusals=[
                    _WRONG,
                    DeviceGroupNotFoundError(),
                    DeviceNotFoundError(),
                    PlanNotFoundError(),
                    IdempotencyConflictError(),
                    TooLargeError(),
                    _LIMITED,
                    DeviceOfflineError(),
                ],
            ),
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/v3/jobs",
            summary="List missions, newest first",
            query={
                "status": Annotated[types.Word, Field(description="Only these")],
                "limit": Annotated[
                    int,
                    Field(
                        ge=1,
                        le=MAX_LIMIT,
                        description="How many at most",
                        json_schema_extra={"default": DEFAULT_LIMIT},
                    ),
                ],
                "cursor": Annotated[str, Field(description="`nextCursor` of the page before")],
            },
            answers={200: types.Listed},
            **_for(Role.VIEWER, refusals=[_WRONG, BadCursorError()]),
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/v3/jobs/{jobId}",
            summary="Read a mission",
            answers={200: types.Found},
            **_for(Role.VIEWER, refusals=[JobNotFoundError()]),
        ),
        Operation(
            name="update_job",
            method="PATCH",
            path="/v3/jobs/{jobId}",
            summary="Change a mission that waits",
            body=UpdateJob,
            answers={200: types.Updated},
            **_for(
                Role.PILOT,
                refuse=_too_late(CANNOT_UPDATE),
                refusals=[_WRONG, TooLargeError(), *_OF_A_JOB],
            ),
        ),
        Operation(
            name="delete_job",
            method="DELETE",
            path="/v3/jobs/{jobId}",
            summary="Remove a mission that is not being flown",
            answers={200: types.Done},
            **_for(
                Role.PILOT,
                refuse=_too_late(CANNOT_DELETE),
                refusals=_OF_A_JOB,
            ),
        ),
        Operation(
            name="cancel_job",
            method="POST",
            path="/v3/jobs/{jobId}/cancel",
            summary="Call a mission off while it waits",
            answers={200: types.Cancelled},
            **_for(
                Role.PILOT,
                refuse=_too_late(CANNOT_CANCEL),
                refusals=_OF_A_JOB,
            ),
        ),
        Operation(
            name="list_resources",
            method="GET",
            path="/v3/resources",
            summary="See what there is to fly with",
            answers={200: types.Resources},
            **_for(Role.VIEWER, tag="Resources"),
        ),
        Operation(
            name="create_share",
            method="POST",
            path="/v3/streams/share",
            summary="Let whoever has a code watch a job or a device group",
            body=CreateShare,
            answers={201: tracking.CreatedShare},
            told=dict.fromkeys((201, 400, 404, 413, 429), _RATE),
            **_for(
                Role.MANAGER,
                tag="Shares",
                refusals=[_WRONG, ResourceNotFoundError(), TooLargeError(), _LIMITED],
            ),
        ),
        Operation(
            name="list_shares",
            method="GET",
            path="/v3/shares",
            summary="List shares that have not expired",
            answers={200: tracking.Shares},
            **_for(Role.MANAGER, tag="Shares"),
        ),
        Operation(
            name="get_share",
            method="GET",
            path="/v3/shares/{shareCode}",
            summary="Read a share",
            answers={200: tracking.FoundShare},
            **_for(Role.MANAGER, tag="Shares", refusals=[ShareNotFoundError()]),
        ),
        Operation(
            name="revoke_share",
            method="DELETE",
            path="/v3/shares/{shareCode}",
            summary="End a share, and whatever watches by it",
            answers={200: types.Done},
            **_for(Role.MANAGER, tag="Shares", refusals=[ShareNotFoundError()]),
        ),
        Operation(
            name="get_tracking_page",
            method="GET",
            path="/tracking",
            summary="The page that shows a live map of what is shared",
            description="For people: a share's `shareUrl` leads to it.",
            tag="Shares",
            security=[],
            guarded=False,
            error=types.Error,
            refuse=partial(missions_errors.refuse, now=NOON),
            query={
                "share": Annotated[str, Field(description="The share's code, which the page reads")]
            },
            answers={
                200: Form(
                    forms={"text/html": {"type": "string", "description": "The page"}},
                    examples={"text/html": "<!doctype html>…"},
                )
            },
        ),
    ],
)
