"""A Lambda function of the operator's: the provider `lambda`.

Settings: `function` (a name that begins with `<stack>-agent-`), `qualifier?` (a version or an
alias). The function gets the question as JSON and returns a string, `{content, metadata?}`, or
`{error}`. It is invoked synchronously, and once: the SDK's own retries would run a slow function
twice. Only calls that have not reached the function are repeated, until the deadline. Lambda's
Python runtime cannot stream its answer.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from urllib3.exceptions import HTTPError

from jobs.kit import lenient_json, strict_json
from jobs.kit.aws.call_policy import CallPolicy
from jobs.kit.aws.client import code_of
from jobs.kit.clock import Clock
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.messaging.adapters.providers.answer import to_answer
from jobs.messaging.agent import Agent
from jobs.messaging.errors import FunctionRefusedError
from jobs.messaging.functions import check_function
from jobs.messaging.ports import Answer, Outcome, Question

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_lambda.client import LambdaClient

type MakeClient = Callable[[CallPolicy], "LambdaClient"]

VERSION: Final = "1"
"""Of the question that functions get. A later one only adds fields."""

_MAX_ANSWER_BYTES: Final = 2 * 2**20
_MAX_BACKOFF_S: Final = 5.0
_MAX_DETAIL_LENGTH: Final = 300
_CHUNK: Final = 65536
_NOT_AVAILABLE: Final = "The agent's function is not available"
_LATER: Final = "try again later"
_TRANSIENT_CODES: Final = frozenset({
    "EFSMountConnectivityException", "EFSMountTimeoutException", "ResourceConflictException",
    "SnapStartNotReadyException", "SnapStartTimeoutException",
})  # fmt: skip
"""Codes of responses below 500. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
_PERMANENT_CODES: Final = frozenset({
    "EC2AccessDeniedException", "InvalidRuntimeException", "InvalidSecurityGroupIDException",
    "InvalidSubnetIDException", "InvalidZipFileException", "KMSAccessDeniedException",
    "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException",
})  # fmt: skip
"""Codes of responses with 502 that say how the function is misconfigured."""
_CLASSES: Final[Mapping[int, FailureClass]] = {
    HTTPStatus.FORBIDDEN: FailureClass.CREDENTIALS,
    HTTPStatus.NOT_FOUND: FailureClass.NOT_FOUND,
}


class FunctionProvider:
    """`stack` is None on a server without AWS, which invokes no function."""

    def __init__(
        self,
        make_client: MakeClient,
        clock: Clock,
        sleep: Callable[[float], None],
        *,
        stack: str | None,
    ) -> None:
        self._make_client = make_client
        self._clock = clock
        self._sleep = sleep
        self._stack = stack

    def ask(self, agent: Agent, question: Question) -> Outcome:
        try:
            check_function(agent, stack=self._stack)
        except FunctionRefusedError as error:  # an entry from before, or of another stack
            raise UpstreamError(
                _NOT_AVAILABLE, FailureClass.NOT_FOUND, detail=str(error)
            ) from error
        request = _to_request(agent, question)
        for attempt in count():
            left_s = (question.deadline - self._clock()) / 1000
            if left_s <= 0:
                return None
            try:
                return self._invoke(request, left_s)
            except _PassingError as error:
                pause_s = random.uniform(0.5, 1) * min(0.5 * 2**attempt, _MAX_BACKOFF_S)  # noqa: S311 - jitter
                if pause_s * 1000 >= question.deadline - self._clock():
                    raise error.failure from error
                self._sleep(pause_s)
        raise AssertionError

    def _invoke(self, request: Mapping[str, Any], left_s: float) -> Answer | None:
        """Return the answer, or None if the time is up. Raises `_PassingError`, `UpstreamError`."""
        policy = CallPolicy(read_s=left_s, attempts=1)
        try:
            with closing(self._make_client(policy)) as client:
                response = client.invoke(**request)
                with closing(response["Payload"]) as payload:
                    raw = _read(payload)
        except ClientError as error:
            raise _to_failure(error) from error
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            failure = UpstreamError(
                f"The agent's function cannot be reached; {_LATER}",
                FailureClass.UNAVAILABLE,
                detail=type(error).__name__,
            )
            raise _PassingError(failure) from error
        except ReadTimeoutError:
            return None
        except (BotoCoreError, HTTPError) as error:  # the function may have run
            raise UpstreamError(
                "The agent's function gave no answer",
                FailureClass.UNAVAILABLE,
                detail=type(error).__name__,
            ) from error
        if function_error := response.get("FunctionError"):  # its message is in the function's log
            raise UpstreamError(
                "The agent's function failed", FailureClass.BAD_ANSWER, detail=function_error
            )
        return _to_answer(raw)


class _PassingError(Exception):
    """The function has not run. `failure` is what to tell if it cannot until the deadline."""

    def __init__(self, failure: UpstreamError) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _to_request(agent: Agent, question: Question) -> dict[str, Any]:
    body = {
        "version": VERSION,
        "jobId": question.job_id,
        "agentId": agent.id,
        "userId": question.user_id,
        "content": question.content,
        "metadata": dict(question.metadata),
        "history": [
            {"role": "assistant" if message.by_agent else "user", "content": message.content}
            for message in question.history
        ],
        "deadline": question.deadline,
    }
    request = {
        "FunctionName": agent.settings["function"],
        "Payload": strict_json.dumps(body).encode(),
    }
    qualifier = agent.settings.get("qualifier")
    return request | ({"Qualifier": qualifier} if qualifier else {})


def _to_failure(error: ClientError) -> _PassingError | UpstreamError:
    """Return whether the function may run later, or never as it is now."""
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = error.response.get("Error", {}).get("Message", "")
    detail = f"{code}: {message}"[:_MAX_DETAIL_LENGTH]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _PassingError(
            UpstreamError(
                f"The agent's function is busy; {_LATER}", FailureClass.QUOTA, detail=detail
            )
        )
    transient = code in _TRANSIENT_CODES or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if transient and code not in _PERMANENT_CODES:
        return _PassingError(
            UpstreamError(
                f"The agent's function is not ready; {_LATER}",
                FailureClass.UNAVAILABLE,
                detail=detail,
            )
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return UpstreamError(
            "The conversation is too long for the agent's function",
            FailureClass.QUOTA,
            detail=detail,
        )
    failure_class = _CLASSES.get(status, FailureClass.REFUSED)
    return UpstreamError(_NOT_AVAILABLE, failure_class, detail=detail)


def _read(body: "StreamingBody") -> bytes:
    raw = b""
    while chunk := body.read(_CHUNK):
        raw += chunk
        if len(raw) > _MAX_ANSWER_BYTES:
            raise UpstreamError("The agent's answer is too large", FailureClass.QUOTA)
    return raw


def _to_answer(raw: bytes) -> Answer:
    """Return what the function returned, by the rules of all agents. Raises `UpstreamError`."""
    try:
        value = lenient_json.loads(lenient_json.decode(raw))
        match value:
            case {"error": str(error)} if error.strip():
                raise UpstreamError(
                    lenient_json.clean(error).strip().splitlines()[0], FailureClass.REFUSED
                )
            case {"content": content}:
                return to_answer(content, value.get("metadata"))
            case _:
                return to_answer(value)
    except ValueError as error:
        raise UpstreamError(
            "The agent's answer is malformed", FailureClass.BAD_ANSWER, detail=str(error)[:200]
        ) from error
