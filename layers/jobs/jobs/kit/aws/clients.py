"""The AWS clients of this process, each made on first use and shared by all wirings.

They are botocore's own: boto3's import would add a tenth to each cold start.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_iot.client import IoTClient
    from mypy_boto3_iot_data.client import IoTDataPlaneClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient


class AwsClients:
    @cached_property
    def bedrock(self) -> BedrockRuntimeClient:
        """With the long timeout that models need."""
        from jobs.kit.aws.client import LONG_TIMEOUT_CONFIG  # noqa: PLC0415 - botocore, on first use

        return cast("BedrockRuntimeClient", self.make("bedrock-runtime", LONG_TIMEOUT_CONFIG))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self.make("dynamodb"))

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
    def step_functions(self) -> SFNClient:
        return cast("SFNClient", self.make("stepfunctions"))

    def make(
        self, service: str, config: Config | None = None, *, endpoint_url: str | None = None
    ) -> Any:
        """Return a new low-level client of a service."""
        from jobs.kit.aws.client import CONFIG  # noqa: PLC0415 - botocore, on first use

        return self._session.create_client(
            service, config=config or CONFIG, endpoint_url=endpoint_url
        )

    @cached_property
    def _session(self) -> Session:
        from botocore.session import get_session  # noqa: PLC0415 - on first use

        return get_session()


clients = AwsClients()
