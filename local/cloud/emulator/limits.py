"""Refuse requests over the limits of AWS that MiniStack does not have.

docs/reference/local-stack.md names the AWS document of each limit.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, Final
from urllib.parse import unquote

from ministack import app  # type: ignore[import-not-found]
from ministack.core.responses import error_response_json  # type: ignore[import-not-found]
from ministack.services import apigateway, lambda_svc, sqs  # type: ignore[import-not-found]

from local.cloud.emulator.requests import parse

MIB: Final = 2**20
MAX_DELAY_S: Final = 900
MAX_VISIBILITY_TIMEOUT_S: Final = 43_200
MAX_EVENTS_BYTES: Final = MIB
MAX_INPUT_BYTES: Final = 262_144
EXECUTION_NAME: Final = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
MAX_JOB_DOCUMENT_BYTES: Final = 32_768
MAX_TOPIC_SLASHES: Final = 7
MAX_MESSAGE_BYTES: Final = 131_072  # of MQTT, and of WebSocket
SECRET_NAME: Final = re.compile(r"[\w/+=.@-]{1,512}", re.ASCII)
MAX_SECRET_BYTES: Final = 65_536
MAX_REQUEST_BYTES: Final = 6 * MIB
MAX_ASYNC_REQUEST_BYTES: Final = MIB
MAX_RESPONSE_BYTES: Final = 6 * MIB + 100

type Response = tuple[int, dict[str, str], bytes]
type Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]
type Check = Callable[["Call"], None]


class RefusedError(Exception):
    """AWS refuses the request with this error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Call:
    """A call of a service: by its action in a JSON protocol, or by its path."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.action = headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def request(self) -> Mapping[str, Any]:
        return parse(self.body)


def enforce_limits() -> None:
    checks = {
        "events": check_events,
        "states": check_execution,
        "iot": check_device_job,
        "iot-data": check_topic,
        "secretsmanager": check_secret,
        "lambda": check_invocation,
    }
    for service, check in checks.items():
        app.SERVICE_HANDLERS[service] = guard(app.SERVICE_HANDLERS[service], check)
    limit_delays()
    limit_responses()
    limit_websocket_messages()


def guard(handle: Handler, check: Check) -> Handler:
    async def handle_within_limits(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        try:
            check(Call(method, path, headers, body))
        except RefusedError as error:
            response: Response = error_response_json(error.code, error.message, error.status)
            return response
        return await handle(method, path, headers, body, query)

    return handle_within_limits


def check_events(call: Call) -> None:
    if call.action != "PutEvents":
        return
    texts = [
        entry.get(name) or ""
        for entry in call.request.get("Entries", [])
        for name in ("Source", "DetailType", "Detail")
    ]
    if sum(len(each.encode()) for each in texts) > MAX_EVENTS_BYTES:
        raise RefusedError(
            "ValidationException", "Total size of the entries in the request is over the limit."
        )


def check_execution(call: Call) -> None:
    if call.action != "StartExecution":
        return
    name, text = call.request.get("name"), call.request.get("input") or "{}"
    if name is not None and not EXECUTION_NAME.fullmatch(name):
        raise RefusedError("InvalidName", f"Invalid Name: '{name}'")
    if len(text.encode()) > MAX_INPUT_BYTES:
        raise RefusedError(
            "InvalidExecutionInput",
            f"Invalid execution input: it has more than {MAX_INPUT_BYTES} bytes",
        )
    try:
        json.loads(text)
    except ValueError:
        raise RefusedError(
            "InvalidExecutionInput", "Invalid State Machine Execution Input"
        ) from None


def check_device_job(call: Call) -> None:
    document = call.request.get("document") or "" if call.path.startswith("/jobs/") else ""
    if len(document.encode()) > MAX_JOB_DOCUMENT_BYTES:
        raise RefusedError(
            "InvalidRequestException",
            f"document exceeds the maximum length of {MAX_JOB_DOCUMENT_BYTES}",
        )


def check_topic(call: Call) -> None:
    if call.method != "POST" or not call.path.startswith("/topics/"):
        return
    topic = unquote(call.path.removeprefix("/topics/"))
    if not topic.startswith("$") and topic.count("/") > MAX_TOPIC_SLASHES:
        raise RefusedError("InvalidRequestException", "Topic has too many levels")
    if len(call.body) > MAX_MESSAGE_BYTES:
        raise RefusedError("RequestEntityTooLargeException", "The payload is too large", 413)


def check_secret(call: Call) -> None:
    request = call.request
    if call.action == "CreateSecret" and not SECRET_NAME.fullmatch(request.get("Name", "")):
        raise RefusedError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, "
            "or any of the following: -/_+=.@!",
        )
    if len(request.get("SecretString", "").encode()) > MAX_SECRET_BYTES:
        raise RefusedError(
            "ValidationException", f"SecretString has more than {MAX_SECRET_BYTES} bytes"
        )


def check_invocation(call: Call) -> None:
    if not call.path.endswith("/invocations"):
        return
    is_async = call.headers.get("x-amz-invocation-type") == "Event"
    most = MAX_ASYNC_REQUEST_BYTES if is_async else MAX_REQUEST_BYTES
    if len(call.body) > most:
        raise RefusedError(
            "RequestTooLargeException",
            f"Request must be smaller than {most} bytes for the InvokeFunction operation",
            413,
        )


def limit_delays() -> None:
    """In a batch, only the message with an invalid delay fails."""
    for action, parameter, maximum in (
        ("SendMessage", "DelaySeconds", MAX_DELAY_S),
        ("ChangeMessageVisibility", "VisibilityTimeout", MAX_VISIBILITY_TIMEOUT_S),
    ):
        limited = limit_seconds(sqs._HANDLERS[action], parameter, maximum)
        sqs._HANDLERS[action] = limited
        setattr(sqs, limited.__name__, limited)  # for the batches


def limit_seconds(act: Callable[..., Any], parameter: str, maximum: int) -> Callable[..., Any]:
    @wraps(act)
    def act_within_limit(request: Mapping[str, Any], *more: Any) -> Any:
        if not 0 <= int(request.get(parameter) or 0) <= maximum:
            raise sqs._Err(
                "InvalidParameterValue",
                f"Value {request[parameter]} for parameter {parameter} is invalid. "
                f"Reason: Must be between 0 and {maximum}, if provided.",
            )
        return act(request, *more)

    return act_within_limit


def limit_responses() -> None:
    """Fail invocations with long responses, also those by other services such as API Gateway."""
    execute = lambda_svc._execute_function_warm

    def execute_within_limits(function: Any, event: Any, request_id: str) -> Any:
        result = execute(function, event, request_id)
        if len(json.dumps(result.get("body")).encode()) <= MAX_RESPONSE_BYTES:
            return result
        failure = {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            f"({MAX_RESPONSE_BYTES} bytes).",
        }
        return {"body": failure, "error": True, "log": result.get("log", "")}

    lambda_svc._execute_function_warm = execute_within_limits


def limit_websocket_messages() -> None:
    handle = apigateway.handle_connections_api

    async def handle_within_limits(*call: Any) -> Response:
        *_, body, _headers = call
        if len(body) > MAX_MESSAGE_BYTES:
            response: Response = error_response_json(
                "PayloadTooLargeException", "Message too long", 413
            )
            return response
        answer: Response = await handle(*call)
        return answer

    apigateway.handle_connections_api = handle_within_limits
