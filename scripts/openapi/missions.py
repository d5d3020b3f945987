"""The operations of the missions API."""

from functools import partial
from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import (
    BadCursorError,
    IdempotencyConflictError,
    JobNotFoundError,
    JobStartedError,
    StaleJobError,
)
from jobs.core.rate_limit import Allowance, RateLimitedError
from jobs.kit.http import TooLargeError
from jobs.missions.api import errors as missions_errors
from jobs.missions.api import token as missions_token
from jobs.missions.api import types
from jobs.missions.api.access import ForbiddenError, InvalidTokenError, UnsupportedVersionError
from jobs.missions.api.bodies import (
    UPDATE,
    CreateJob,
    OlderCreateJob,
    UpdateJob,
    validate_body,
)
from jobs.missions.api.errors import CANNOT_CANCEL, CANNOT_DELETE, CANNOT_UPDATE
from jobs.missions.api.query import DEFAULT_LIMIT, MAX_LIMIT
from jobs.missions.api.token import AccessDeniedError, Credentials, UnsupportedGrantTypeError
from jobs.missions.errors import (
    DeviceGroupNotFoundError,
    DeviceNotFoundError,
    DeviceOfflineError,
    InvalidClientError,
    MissionDueError,
    PlanNotFoundError,
)
from jobs.missions.partner import Role
from jobs.tracking.api import types as tracking
from jobs.tracking.api.errors import ERRORS as SHARE_ERRORS
from jobs.tracking.api.share_request import CreateShare
from jobs.tracking.errors import (
    ResourceNotFoundError,
    ShareNotFoundError,
    TooManySharesError,
)
from scripts.openapi.model import NOON, Api, Operation, OtherMedia, capture_error
from scripts.openapi.shared import IDEMPOTENCY_KEY, RATE_HEADERS, RATE_LIMIT, RETRY_AFTER, JobId

_EXHAUSTED: Final = Allowance(limit=60, remaining=0, resets_at=NOON + 30_000, granted=False)
_RATE_LIMITED: Final = RateLimitedError(_EXHAUSTED)
_INVALID: Final = capture_error(validate_body, UPDATE, {"priority": 11}, now=NOON)
_JOB_ERRORS: Final = (JobStartedError(), JobNotFoundError(), StaleJobError())
_ROLES: Final = (
    "A partner's client has one of three roles: a VIEWER reads, a PILOT also flies, and a MANAGER"
    " also shares."
)


def _for(role: Role, **fields: Any) -> dict[str, Any]:
    """Return the fields that all endpoints for tokens with this role share."""
    return {
        "tag": "Missions",
        "description": f"Needs the role {role.name} or higher.",
        "security": ["bearer"],
        "error_type": types.Error,
        "error_response": partial(missions_errors.error_response, now=NOON),
        **fields,
        "errors": [
            InvalidTokenError(),
            ForbiddenError(role),
            UnsupportedVersionError(),
            *fields.get("errors", ()),
        ],
    }


def _with(errors: missions_errors.ErrorTable) -> Any:
    return partial(missions_errors.error_response, now=NOON, extra_errors=errors)


MISSIONS: Final = Api(
    name="missions",
    title="Drone missions",
    version="3",
    description="Fly missions with docked drones, and share live tracking. Wire-compatible with the"
    f" IDI-FLY v3 integration API. {_ROLES}",
    tags={
        "Tokens": "Access tokens for clients",
        "Missions": "Flights of drones",
        "Resources": "Device groups and their devices",
        "Shares": "Links to live tracking",
    },
    security={
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "`sortie_…`, an organisation's key, to get tokens with",
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "OAuth 2.0 client credentials: an access token from"
            f" `POST /v3/auth/token`, valid for an hour. {_ROLES}",
        },
    },
    parameters={
        "jobId": JobId,
        "shareCode": Annotated[str, Field(description="The share's code")],
    },
    headers={
        **RETRY_AFTER,
        **RATE_LIMIT,
    },
    operations=[
        Operation(
            name="create_token",
            method="POST",
            path="/v3/auth/token",
            summary="Get an access token",
            description="OAuth 2.0 client credentials (RFC 6749, 4.4), in JSON. There are no"
            " refresh tokens: request another access token.",
            tag="Tokens",
            security=["apiKey"],
            authorized_by_gateway=False,
            error_type=types.TokenError,
            error_response=partial(missions_token.error_response, now=NOON),
            body=types.TokenRequest,
            responses={200: types.TokenResponse},
            response_headers=dict.fromkeys((200, 400, 401, 429), RATE_HEADERS),
            errors=[
                AccessDeniedError(),
                capture_error(Credentials.parse, {"grant_type": "client_credentials"}),
                UnsupportedGrantTypeError(),
                InvalidClientError(),
                TooLargeError(),
                _RATE_LIMITED,
            ],
        ),
        Operation(
            name="create_job",
            method="POST",
            path="/v3/jobs/create",
            summary="Create a mission",
            body=CreateJob | OlderCreateJob,
            headers=IDEMPOTENCY_KEY,
            responses={201: types.CreateJobResponse | types.LegacyCreateJobResponse},
            response_headers=dict.fromkeys((201, 400, 404, 409, 413, 429), RATE_HEADERS),
            **_for(
                Role.PILOT,
                errors=[
                    _INVALID,
                    DeviceGroupNotFoundError(),
                    DeviceNotFoundError(),
                    PlanNotFoundError(),
                    IdempotencyConflictError(),
                    TooLargeError(),
                    _RATE_LIMITED,
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
                "status": Annotated[
                    types.Status, Field(description="Only missions with this status")
                ],
                "limit": Annotated[
                    int,
                    Field(
                        ge=1,
                        le=MAX_LIMIT,
                        description="Page size",
                        json_schema_extra={"default": DEFAULT_LIMIT},
                    ),
                ],
                "cursor": Annotated[str, Field(description="`nextCursor` of the previous page")],
            },
            responses={200: types.ListJobsResponse},
            **_for(Role.VIEWER, errors=[_INVALID, BadCursorError()]),
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/v3/jobs/{jobId}",
            summary="Get a mission",
            query={
                "track": Annotated[
                    bool,
                    Field(
                        description="Whether to add the `track`",
                        json_schema_extra={"default": False},
                    ),
                ]
            },
            responses={200: types.GetJobResponse},
            **_for(Role.VIEWER, errors=[_INVALID, JobNotFoundError()]),
        ),
        Operation(
            name="update_job",
            method="PATCH",
            path="/v3/jobs/{jobId}",
            summary="Update a mission that has not started",
            body=UpdateJob,
            responses={200: types.UpdateJobResponse},
            **_for(
                Role.PILOT,
                error_response=_with(CANNOT_UPDATE),
                errors=[_INVALID, TooLargeError(), *_JOB_ERRORS, MissionDueError()],
            ),
        ),
        Operation(
            name="delete_job",
            method="DELETE",
            path="/v3/jobs/{jobId}",
            summary="Delete a mission that is not in flight",
            responses={200: types.MessageResponse},
            **_for(
                Role.PILOT,
                error_response=_with(CANNOT_DELETE),
                errors=_JOB_ERRORS,
            ),
        ),
        Operation(
            name="cancel_job",
            method="POST",
            path="/v3/jobs/{jobId}/cancel",
            summary="Cancel a mission that has not started",
            responses={200: types.CancelJobResponse},
            **_for(
                Role.PILOT,
                error_response=_with(CANNOT_CANCEL),
                errors=_JOB_ERRORS,
            ),
        ),
        Operation(
            name="list_resources",
            method="GET",
            path="/v3/resources",
            summary="List device groups and their devices",
            responses={200: types.ListResourcesResponse},
            **_for(Role.VIEWER, tag="Resources"),
        ),
        Operation(
            name="list_plans",
            method="GET",
            path="/v3/missions",
            summary="List the missions that can be flown",
            query={
                "cursor": Annotated[str, Field(description="`nextCursor` of the previous page")]
            },
            responses={200: types.ListPlansResponse},
            **_for(Role.VIEWER, tag="Resources", errors=[BadCursorError()]),
        ),
        Operation(
            name="create_share",
            method="POST",
            path="/v3/streams/share",
            summary="Share live tracking of a job or a device group",
            body=CreateShare,
            responses={201: tracking.CreateShareResponse},
            response_headers=dict.fromkeys((201, 400, 404, 409, 413, 429), RATE_HEADERS),
            **_for(
                Role.MANAGER,
                tag="Shares",
                error_response=_with(SHARE_ERRORS),
                errors=[
                    _INVALID,
                    ResourceNotFoundError(),
                    TooManySharesError(),
                    TooLargeError(),
                    _RATE_LIMITED,
                ],
            ),
        ),
        Operation(
            name="list_shares",
            method="GET",
            path="/v3/shares",
            summary="List shares that have not expired",
            query={
                "cursor": Annotated[str, Field(description="`nextCursor` of the previous page")]
            },
            responses={200: tracking.ListSharesResponse},
            **_for(Role.MANAGER, tag="Shares", errors=[BadCursorError()]),
        ),
        Operation(
            name="get_share",
            method="GET",
            path="/v3/shares/{shareCode}",
            summary="Get a share",
            responses={200: tracking.GetShareResponse},
            **_for(
                Role.MANAGER,
                tag="Shares",
                error_response=_with(SHARE_ERRORS),
                errors=[ShareNotFoundError()],
            ),
        ),
        Operation(
            name="revoke_share",
            method="DELETE",
            path="/v3/shares/{shareCode}",
            summary="Revoke a share, and close its connections",
            responses={200: types.MessageResponse},
            **_for(
                Role.MANAGER,
                tag="Shares",
                error_response=_with(SHARE_ERRORS),
                errors=[ShareNotFoundError()],
            ),
        ),
        Operation(
            name="get_tracking_page",
            method="GET",
            path="/tracking",
            summary="Get the live map of a share",
            description="An HTML page: a share's `shareUrl` is its address.",
            tag="Shares",
            security=[],
            authorized_by_gateway=False,
            error_type=types.Error,
            error_response=partial(missions_errors.error_response, now=NOON),
            query={
                "share": Annotated[str, Field(description="The share's code; the page reads it")]
            },
            responses={
                200: OtherMedia(
                    schemas={"text/html": {"type": "string", "description": "The page"}},
                    examples={"text/html": "<!doctype html>…"},
                )
            },
        ),
    ],
)
