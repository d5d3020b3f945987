"""The AWS clients of this process, each made on first use and shared by all wirings.

In Lambda, `JsonClient` serves the services with a JSON protocol. botocore serves all others, and
every process with settings of its own; not boto3, whose import would add a tenth to a cold start.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from jobs.kit.aws.call_policy import HASTY, LONG, NORMAL

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_iot.client import IoTClient
    from mypy_boto3_iot_data.client import IoTDataPlaneClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

    from jobs.kit.aws.call_policy import CallPolicy


class AwsClients:
    @cached_property
    def bedrock(self) -> BedrockRuntimeClient:
        """With the long timeout that models need."""
        return cast("BedrockRuntimeClient", self.make("bedrock-runtime", LONG))

    @cached_property
    def cognito(self) -> CognitoIdentityProviderClient:
        return cast("CognitoIdentityProviderClient", self.make("cognito-idp"))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self.make("dynamodb"))

    @cached_property
    def hasty_dynamodb(self) -> DynamoDBClient:
        """For writes that may be lost: one short attempt."""
        return cast("DynamoDBClient", self.make("dynamodb", HASTY))

    @cached_property
    def events(self) -> EventBridgeClient:
        return cast("EventBridgeClient", self.make("events"))

    @cached_property
    def iot(self) -> IoTClient:
        return cast("IoTClient", self.make("iot"))

    @cached_property
    def iot_data(self) -> IoTDataPlaneClient:
        return cast("IoTDataPlaneClient", self.make("iot-data"))

    @cached_property
    def secrets_manager(self) -> SecretsManagerClient:
        return cast("SecretsManagerClient", self.make("secretsmanager"))

    @cached_property
    def sqs(self) -> SQSClient:
        return cast("SQSClient", self.make("sqs"))

    @cached_property
    def hasty_sqs(self) -> SQSClient:
        """For messages that may be lost: one short attempt."""
        return cast("SQSClient", self.make("sqs", HASTY))

    @cached_property
    def step_functions(self) -> SFNClient:
        return cast("SFNClient", self.make("stepfunctions"))

    def make(
        self, service: str, policy: CallPolicy | None = None, *, endpoint_url: str | None = None
    ) -> Any:
        """Return a new client of a service."""
        from jobs.kit.aws import json_client  # noqa: PLC0415 - on first use

        if endpoint_url is None and json_client.suits(service):
            return json_client.JsonClient(service, policy or NORMAL)
        from jobs.kit.aws.botocore_client import create_client  # noqa: PLC0415 - on first use

        return create_client(self._session, service, policy or NORMAL, endpoint_url)

    def connect(self) -> None:
        """Open a connection of each client made so far that can do so ahead of its first call."""
        from jobs.kit.aws.json_client import JsonClient  # noqa: PLC0415 - on first use

        for client in [*vars(self).values()]:
            if isinstance(client, JsonClient):
                client.connect()

    @cached_property
    def _session(self) -> Session:
        from botocore.session import get_session  # noqa: PLC0415 - on first use

        return get_session()


clients = AwsClients()
