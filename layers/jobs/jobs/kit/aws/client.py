"""AWS clients, and their transient errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from jobs.kit.errors import UnavailableError

CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    parameter_validation=False,  # a tenth of each call's CPU; tests make the same calls with it
    retries={"mode": "standard", "total_max_attempts": 3},
)
LONG_TIMEOUT_CONFIG: Final = CONFIG.merge(Config(read_timeout=300))
"""For models: a response may take as long as a job."""
_TRANSIENT_CODES: Final = frozenset({
    "ExecutionLimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
})  # fmt: skip


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def convert_transient_errors() -> Iterator[None]:
    """Convert throttling, outages and lost connections to `UnavailableError`."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in _TRANSIENT_CODES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(code_of(error)) from error
        raise
    except (NoConnectionError, HTTPClientError) as error:
        raise UnavailableError(type(error).__name__) from error
