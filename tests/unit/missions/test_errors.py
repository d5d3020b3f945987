"""Error responses of the missions API."""

import pytest

from jobs.core import errors
from jobs.core.rate_limit import Allowance, RateLimitedError
from jobs.kit.errors import UnavailableError
from jobs.kit.http import BadRequestError, Request, TooLargeError
from jobs.kit.iso_time import iso
from jobs.missions.api import errors as missions_errors
from jobs.missions.api.access import ForbiddenError, InvalidTokenError, UnsupportedVersionError
from jobs.missions.errors import (
    DeviceGroupNotFoundError,
    DeviceNotFoundError,
    DeviceOfflineError,
    PlanNotFoundError,
    PlanTooLargeError,
)
from jobs.missions.partner import Role
from tests.support import NOON

REQUEST = Request({"requestContext": {"requestId": "r-1"}})
FULL = Allowance(limit=60, remaining=0, resets_at=NOON + 1500, granted=False)
WORDED = [
    (BadRequestError("name is required"), 400, "invalid_request", "INVALID_REQUEST"),
    (errors.BadCursorError(), 400, "invalid_request", "INVALID_REQUEST"),
    (InvalidTokenError(), 401, "Missing or invalid credentials", "INVALID_TOKEN"),
    (ForbiddenError(Role.PILOT), 403, "Insufficient permissions", "INSUFFICIENT_PERMISSIONS"),
    (errors.JobNotFoundError("j"), 404, "Job not found", "JOB_NOT_FOUND"),
    (DeviceGroupNotFoundError(), 404, "Device group not found", "DEVICE_GROUP_NOT_FOUND"),
    (DeviceNotFoundError(), 404, "Device not found", "DEVICE_NOT_FOUND"),
    (PlanNotFoundError(), 404, "Mission not found", "MISSION_NOT_FOUND"),
    (PlanTooLargeError(), 400, "invalid_request", "INVALID_REQUEST"),
    (errors.IdempotencyConflictError(), 409, "Idempotency conflict", "IDEMPOTENCY_CONFLICT"),
    (errors.StaleJobError("j"), 409, "Job is changing", "JOB_CHANGED"),
    (TooLargeError(), 413, "Request body is too large", "REQUEST_TOO_LARGE"),
    (UnsupportedVersionError(), 415, "Unsupported API version", "UNSUPPORTED_VERSION"),
    (RateLimitedError(FULL), 429, "Too many requests", "RATE_LIMITED"),
    (DeviceOfflineError(), 503, "Device is offline", "DEVICE_OFFLINE"),
    (UnavailableError("x"), 503, "Service is busy", "UNAVAILABLE"),
    (ValueError("at 10.0.0.1"), 500, "Internal server error", "INTERNAL_ERROR"),
]


def error_response(error: Exception, **options):
    return missions_errors.error_response(error, REQUEST, now=NOON, **options)


@pytest.mark.parametrize(
    ("error", "status", "text", "code"), WORDED, ids=lambda each: type(each).__name__
)
def test_error_response_has_status_code_and_text_of_error(error, status, text, code) -> None:
    response = error_response(error)

    body = dict(response.body)
    extra = {"supportedVersions"} if status == 415 else set()
    assert response.status == status
    assert body.pop("message")
    assert {name: body[name] for name in body.keys() - extra} == {
        "success": False,
        "error": text,
        "code": code,
        "requestId": "r-1",
        "timestamp": "2026-01-01T12:00:00.000Z",
    }


def test_error_response_to_unexpected_error_hides_details() -> None:
    assert "10.0.0.1" not in str(error_response(ValueError("at 10.0.0.1")).body)


def test_error_response_lists_invalid_fields() -> None:
    error = BadRequestError("Some fields are not right", {"name": "is required", "a.b": "no"})

    assert error_response(error).body["details"] == [
        {"field": "name", "message": "is required"},
        {"field": "a.b", "message": "no"},
    ]


def test_error_response_to_other_version_lists_supported_ones() -> None:
    assert error_response(UnsupportedVersionError()).body["supportedVersions"] == ["v3"]


@pytest.mark.parametrize("error", [errors.JobStartedError(), errors.JobEndedError()])
@pytest.mark.parametrize(("words", "status", "text"), [
    (missions_errors.CANNOT_UPDATE, 400, "Cannot update job"),
    (missions_errors.CANNOT_CANCEL, 400, "Cannot cancel job"),
    (missions_errors.CANNOT_DELETE, 409, "Cannot delete job"),
])  # fmt: skip
def test_error_response_prefers_errors_of_endpoint(error, words, status, text) -> None:
    response = error_response(error, extra_errors=words)

    assert (response.status, response.body["error"]) == (status, text)


def test_error_response_over_rate_limit_has_retry_after() -> None:
    assert error_response(RateLimitedError(FULL)).headers == {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1767268802",  # 1.5 s after noon, rounded up
        "Retry-After": "2",
    }


def test_error_response_when_unavailable_has_retry_after() -> None:
    assert error_response(UnavailableError("x")).headers == {"Retry-After": "1"}


@pytest.mark.parametrize(("at", "text"), [
    (0, "1970-01-01T00:00:00.000Z"),
    (NOON + 1, "2026-01-01T12:00:00.001Z"),
    (NOON + 999, "2026-01-01T12:00:00.999Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
])  # fmt: skip
def test_error_response_timestamp_is_utc_with_milliseconds(at, text) -> None:
    assert iso(at) == text
