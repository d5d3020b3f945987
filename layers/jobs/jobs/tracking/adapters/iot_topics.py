"""MQTT topics of AWS IoT Core."""

import json
from typing import TYPE_CHECKING

from jobs.kit.aws.client import convert_aws_errors
from jobs.tracking.ports import Message

if TYPE_CHECKING:
    from mypy_boto3_iot_data.client import IoTDataPlaneClient


class IotTopics:
    def __init__(self, client: "IoTDataPlaneClient") -> None:
        self._client = client

    def publish(self, topic: str, message: Message) -> None:
        with convert_aws_errors():
            self._client.publish(
                topic=topic, qos=1, payload=json.dumps(message, ensure_ascii=False).encode()
            )
