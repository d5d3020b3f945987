"""The WebSocket connections of API Gateway."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from jobs.kit.aws.client import code_of, convert_aws_errors
from jobs.tracking.connection import SocketGoneError
from jobs.tracking.ports import Message

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

_GONE: Final = frozenset({"BadRequestException", "GoneException"})
"""API Gateway answers the former to an id that is not one of its connections'."""


class ApiGatewaySockets:
    def __init__(self, client: "ApiGatewayManagementApiClient") -> None:
        self._client = client

    def post(self, connection_id: str, message: Message) -> None:
        with _convert_gone_errors():
            self._client.post_to_connection(
                ConnectionId=connection_id, Data=json.dumps(message, ensure_ascii=False).encode()
            )

    def close(self, connection_id: str) -> None:
        with _convert_gone_errors():
            self._client.delete_connection(ConnectionId=connection_id)


@contextmanager
def _convert_gone_errors() -> Iterator[None]:
    with convert_aws_errors():
        try:
            yield
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise
            raise SocketGoneError from error
