"""Errors of AWS clients: transient or permanent.

docs/adr/0030-refusals.md explains the two lists.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from jobs.kit.errors import RefusedError, UnavailableError

_TRANSIENT_CODES: Final = frozenset({
    "ExecutionLimitExceeded",
    "ExpiredToken",
    "ExpiredTokenException",
    "InternalException",
    "InternalFailure",
    "KmsThrottled",
    "KmsThrottlingException",
    "LimitExceededException",
    "ModelNotReadyException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "VersionConflictException",
})  # fmt: skip
_REFUSAL_CODES: Final = frozenset({
    "BadRequestException",
    "BatchRequestTooLong",
    "InvalidArgument",
    "InvalidExecutionInput",
    "InvalidMessageContents",
    "InvalidName",
    "InvalidParameterException",
    "InvalidParameterValue",
    "InvalidParameterValueException",
    "InvalidRequestException",
    "ItemCollectionSizeLimitExceeded",
    "ItemCollectionSizeLimitExceededException",
    "MalformedDetail",
    "MessageNotInflight",
    "MethodNotAllowedException",
    "PayloadTooLargeException",
    "ReceiptHandleIsInvalid",
    "RequestEntityTooLargeException",
    "SerializationException",
    "ValidationError",
    "ValidationException",
})  # fmt: skip


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def to_failure(code: str, *, status: int = 0) -> UnavailableError | RefusedError | None:
    """Return what an error code of AWS means; None: neither, such as a missing permission."""
    if code in _TRANSIENT_CODES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(code)
    if code in _REFUSAL_CODES or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RefusedError(f"AWS refused the request: {code}")
    return None


def failure_of(error: ClientError) -> UnavailableError | RefusedError | None:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return to_failure(code_of(error), status=status)


@contextmanager
def convert_aws_errors() -> Iterator[None]:
    """Convert throttling, outages and lost connections to `UnavailableError`, and refusals of the
    request to `RefusedError`.
    """
    try:
        yield
    except ClientError as error:
        if failure := failure_of(error):
            raise failure from error
        raise
    except (NoConnectionError, HTTPClientError) as error:
        raise UnavailableError(type(error).__name__) from error
