"""What an error of Amazon Bedrock means.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)

from jobs.kit.aws.client import code_of
from jobs.kit.aws.client import to_failure as to_aws_failure
from jobs.kit.errors import FailureClass, UnavailableError, UpstreamError
from jobs.kit.llm.failures import FILTERED, NO_CREDENTIALS, to_failure
from jobs.kit.outbound.sse import PeerError
from jobs.kit.peer_message import redact

UNAVAILABLE: Final = "The agent's model is not available"
_STATUSES: Final = {
    "AccessDeniedException": 403, "ExpiredTokenException": 401, "InternalServerException": 500,
    "InvalidSignatureException": 401, "ModelErrorException": 424, "ModelNotReadyException": 503,
    "ModelStreamErrorException": 424, "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404, "ServiceQuotaExceededException": 402,
    "ServiceUnavailableException": 503, "ThrottlingException": 429,
    "UnrecognizedClientException": 401, "ValidationException": 400,
}  # fmt: skip
_NO_CREDENTIALS: Final = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


def guardrail_message(stop_reason: str, text: str) -> str:
    """Return why a guardrail has stopped the model: its operator may have written a text."""
    if stop_reason != "guardrail_intervened":
        return ""
    return f"{FILTERED.reason}: {text}" if text.strip() else FILTERED.reason


def is_passing(error: ClientError) -> bool:
    """Return whether the same request may succeed soon."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return isinstance(to_aws_failure(_code_of(error), status=status), UnavailableError)


def _code_of(error: ClientError) -> str:
    """Return the error's code; within a stream, it begins with a small letter."""
    code = code_of(error)
    return code[:1].upper() + code[1:]


def bedrock_failure(error: Exception) -> UpstreamError:
    """Return what callers and operators are told of an error of the SDK, or of its connection."""
    if isinstance(error, ClientError):
        code = _code_of(error)
        status = _STATUSES.get(code, 0)
        failure = to_failure(PeerError(status, error.response.get("Error", {}).get("Message", "")))
        detail = redact(f"{code}: {failure.detail}")
    elif isinstance(error, _NO_CREDENTIALS):
        return UpstreamError(*NO_CREDENTIALS, detail=type(error).__name__)
    else:
        failure = UpstreamError(UNAVAILABLE, FailureClass.UNAVAILABLE)
        told = f": {error}" if isinstance(error, BotoCoreError) else ""
        detail = redact(f"{type(error).__name__}{told}")
    passing = failure.failure_class is FailureClass.UNAVAILABLE
    reason = UNAVAILABLE if passing else str(failure)
    return UpstreamError(reason, failure.failure_class, detail=detail)
