"""A client for the AWS services with a JSON protocol, an eighth of botocore's cost at a cold start.

It does what botocore does in these calls: the same requests, retries and exceptions. Whatever a
process configures beyond what Lambda sets, botocore handles (`suits`). docs/adr/0037 has the price.
"""

import json
import os
import random
import re
import time
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote, urlsplit

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from jobs.kit.aws.call_policy import NORMAL, CallPolicy
from jobs.kit.aws.connection import Answer, Connection
from jobs.kit.aws.sigv4 import sign


@dataclass(frozen=True, slots=True)
class _Service:
    """`name` is that of its host and of its signatures."""

    name: str
    target: str
    version: str
    operations: frozenset[str]
    backoff_s: float = 0.05


SERVICES: Final[Mapping[str, _Service]] = {
    "cognito-idp": _Service("cognito-idp", "AWSCognitoIdentityProviderService", "1.1", frozenset({
        "CreateUserPoolClient", "DeleteUserPoolClient",
    })),
    "dynamodb": _Service("dynamodb", "DynamoDB_20120810", "1.0", frozenset({
        "BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "TransactWriteItems",
        "UpdateItem",
    }), backoff_s=0.025),
    "events": _Service("events", "AWSEvents", "1.1", frozenset({"PutEvents"})),
    "secretsmanager": _Service(
        "secretsmanager", "secretsmanager", "1.1", frozenset({"GetSecretValue"})
    ),
    "sqs": _Service("sqs", "AmazonSQS", "1.0", frozenset({
        "ChangeMessageVisibility", "SendMessage", "SendMessageBatch",
    })),
    "stepfunctions": _Service(
        "states", "AWSStepFunctions", "1.0", frozenset({"StartExecution"})
    ),
}  # fmt: skip
"""By botocore's name. The operations are those of layers/jobs/trim_botocore.py."""

HANDLED_SETTINGS: Final = frozenset({
    "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "_X_AMZN_TRACE_ID",
})  # fmt: skip
UNUSUAL_SETTINGS: Final = frozenset({
    "ALL_PROXY", "AWS_ACCOUNT_ID", "AWS_ACCOUNT_ID_ENDPOINT_MODE", "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CSM_ENABLED",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CREDENTIAL_EXPIRATION", "AWS_DATA_PATH",
    "AWS_DEFAULTS_MODE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_DISCOVERY_ENABLED",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT", "BOTOCORE_TCP_KEEPALIVE", "HTTPS_PROXY", "HTTP_PROXY",
    "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE", "all_proxy", "http_proxy", "https_proxy",
})  # fmt: skip
"""Settings of these calls that only botocore handles."""

_USUAL_REGION: Final = re.compile("(?:af|ap|ca|eu|il|me|mx|sa|us)-(?!iso)[a-z-]+[0-9]")
"""Regions whose hosts end with amazonaws.com: not those of China and of isolated partitions."""

_TRANSIENT_CODES: Final = frozenset({
    "PriorRequestNotComplete", "ReplicatedWriteConflictException", "RequestTimeout",
    "RequestTimeoutException",
})  # fmt: skip
_THROTTLING_CODES: Final = frozenset({
    "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException",
    "PriorRequestNotComplete", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException",
    "Throttling", "ThrottlingException", "TooManyRequestsException",
    "TransactionInProgressException",
})  # fmt: skip
_TRANSIENT_STATUSES: Final = frozenset({
    HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
})  # fmt: skip
_THROTTLING_BACKOFF_S: Final = 1.0
_MAX_BACKOFF_S: Final = 20.0
_MAX_RETRY_AFTER_S: Final = 5.0


def suits(service: str) -> bool:
    """Return whether this client can replace botocore's in this process."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "http://")
    return (
        service in SERVICES
        and "AWS_LAMBDA_FUNCTION_NAME" in os.environ
        and "AWS_ACCESS_KEY_ID" in os.environ
        and UNUSUAL_SETTINGS.isdisjoint(os.environ)
        and not any(name.startswith("AWS_ENDPOINT_URL_") for name in os.environ)
        and endpoint.startswith("http://")  # another https host has roots of its own
        and not urlsplit(endpoint).path.strip("/")
        and _USUAL_REGION.fullmatch(os.environ.get("AWS_REGION", "")) is not None
    )


class JsonClient:
    """One service. Methods have botocore's names: `put_item` posts a `PutItem`. Thread-safe."""

    def __init__(self, service: str, policy: CallPolicy = NORMAL) -> None:
        self._service = SERVICES[service]
        self._policy = policy
        self._region = os.environ["AWS_REGION"]
        self.url = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/") or (
            f"https://{self._service.name}.{self._region}.amazonaws.com"
        )
        self._host = urlsplit(self.url).netloc
        self._idle: deque[Connection] = deque()
        self._quota = _RetryQuota()
        self.exceptions = _Exceptions()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = name.title().replace("_", "")
        if operation not in self._service.operations:
            raise AttributeError(name)

        def call(**parameters: Any) -> Any:
            return self._call(operation, parameters)

        setattr(self, name, call)
        return call

    def connect(self) -> None:
        """Open a connection ahead. If AWS closes it before the next call, that opens another."""
        self._idle.append(self._connect())

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=partial(_paginate, getattr(self, name)))

    def _call(self, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "TransactWriteItems":  # a repeated call is one transaction
            parameters.setdefault("ClientRequestToken", str(uuid.uuid4()))
        body = json.dumps(parameters).encode()
        cost = 0
        for attempt in range(self._policy.attempts):
            failure: Exception
            throttled, retry_after_s = False, 0.0
            try:
                answer = self._post(operation, body)
                details = _parse(answer, self.url)
            except (NoConnectionError, HTTPClientError) as error:
                failure = error
            else:
                status = answer.status
                if status < HTTPStatus.MULTIPLE_CHOICES:
                    self._quota.release(cost or 1)
                    return details
                failure = self._to_error(operation, answer, details)
                code = failure.response["Error"]["Code"]
                throttled = code in _THROTTLING_CODES or status == HTTPStatus.TOO_MANY_REQUESTS
                transient = code in _TRANSIENT_CODES or status in _TRANSIENT_STATUSES
                if not throttled and not transient:
                    raise failure
                retry_after_s = _parse_retry_after(answer)
            cost = 5 if throttled else 14
            if attempt + 1 == self._policy.attempts or not self._quota.acquire(cost):
                raise failure
            scale_s = _THROTTLING_BACKOFF_S if throttled else self._service.backoff_s
            backoff_s = random.random() * min(scale_s * 2**attempt, _MAX_BACKOFF_S)  # noqa: S311
            time.sleep(max(backoff_s, min(retry_after_s, backoff_s + _MAX_RETRY_AFTER_S)))
        raise AssertionError

    def _post(self, operation: str, body: bytes) -> Answer:
        headers = {
            "content-type": f"application/x-amz-json-{self._service.version}",
            "host": self._host,
            "x-amz-target": f"{self._service.target}.{operation}",
        }
        sign(headers, body, service=self._service.name, region=self._region)
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):  # how Lambda detects loops
            headers["x-amzn-trace-id"] = quote(trace, safe="-=;:+&[]{}\"',")
        connection = self._connect()
        try:
            answer = connection.exchange("POST", "/", headers, body)
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self.url, error=error) from error
        except OSError as error:
            raise ConnectionClosedError(endpoint_url=self.url, error=error) from error
        if connection.usable:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _connect(self) -> Connection:
        """Return an idle connection that is still open, or a new one."""
        while self._idle:
            try:
                idle = self._idle.pop()
            except IndexError:  # another thread has taken it
                break
            if idle.is_open():
                return idle
            idle.close()
        try:
            policy = self._policy
            return Connection(self.url, connect_s=policy.connect_s, read_s=policy.read_s)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self.url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=self.url, error=error) from error

    def _to_error(self, operation: str, answer: Answer, parsed: Any) -> ClientError:
        details: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
        code = str(details.pop("__type", answer.status)).partition(":")[0].rpartition("#")[2]
        if query_error := answer.headers.get("x-amzn-query-error"):  # SQS's older names of errors
            code = query_error.partition(";")[0]
        response: Any = {
            "Error": {"Code": code, "Message": details.get("message", details.get("Message", ""))},
            "ResponseMetadata": {
                "HTTPStatusCode": answer.status,
                "RequestId": answer.headers.get("x-amzn-requestid", ""),
            },
            **details,
        }
        return self.exceptions.find(code)(response, operation)


class _Exceptions:
    """`client.exceptions.ResourceNotFoundException`: a class for each code, made on first use."""

    def find(self, code: str) -> type[ClientError]:
        return getattr(self, code) if code.isidentifier() else ClientError

    def __getattr__(self, code: str) -> type[ClientError]:
        made = type(code, (ClientError,), {})
        # Of two threads, both get the class that is stored first.
        return self.__dict__.setdefault(code, made)  # type: ignore[no-any-return]


class _RetryQuota:
    """Fewer retries while a service fails often. The numbers are botocore's."""

    _CAPACITY: Final = 500

    def __init__(self) -> None:
        self._left = self._CAPACITY

    def acquire(self, cost: int) -> bool:
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def release(self, cost: int) -> None:
        self._left = min(self._CAPACITY, self._left + cost)


def _paginate(query: Callable[..., Any], **parameters: Any) -> Iterator[Any]:
    page = query(**parameters)
    yield page
    while "LastEvaluatedKey" in page:
        page = query(**parameters, ExclusiveStartKey=page["LastEvaluatedKey"])
        yield page


def _parse(answer: Answer, url: str) -> Any:
    """Return the JSON of an answer. An answer without any is a lost one, unless it is an error."""
    checksum = answer.headers.get("x-amz-crc32")
    if checksum and zlib.crc32(answer.body) != int(checksum):
        raise ConnectionClosedError(endpoint_url=url, error="wrong checksum")
    try:
        return json.loads(answer.body or b"{}")
    except ValueError as error:
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise ConnectionClosedError(endpoint_url=url, error=error) from error
        return {"message": answer.body.decode(errors="replace")}


def _parse_retry_after(answer: Answer) -> float:
    """Return the seconds of the header, which has milliseconds."""
    sent = answer.headers.get("x-amz-retry-after", "")
    return int(sent) / 1000 if sent.isdecimal() else 0.0
