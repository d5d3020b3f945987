"""Orders as AWS IoT Jobs, one thing each: an offline device receives its order later."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.errors import RefusedError
from jobs.missions.ports import OrderState

if TYPE_CHECKING:
    from mypy_boto3_iot.client import IoTClient


class IotOrders:
    """`things` is the common prefix of the ARNs of the stack's things.

    It includes the beginning of their names (see `jobs.missions.thing`).
    """

    def __init__(self, client: "IoTClient", things: str) -> None:
        self._client = client
        self._things = things
        self._names = things.rpartition("/")[2]

    def send(self, order_id: str, device_id: str, document: Mapping[str, Any]) -> None:
        known = self._client.exceptions
        with convert_aws_errors(), suppress(known.ResourceAlreadyExistsException):
            try:
                self._client.create_job(
                    jobId=order_id,
                    targets=[f"{self._things}{device_id}"],
                    document=json.dumps(document, separators=(",", ":")),
                    targetSelection="SNAPSHOT",
                )
            except known.ResourceNotFoundException as error:
                raise RefusedError("AWS IoT does not know the device") from error

    def state(self, order_id: str, device_id: str) -> tuple[OrderState, str | None] | None:
        with convert_aws_errors():
            try:
                found = self._client.describe_job_execution(
                    jobId=order_id, thingName=self._names + device_id
                )
            except self._client.exceptions.ResourceNotFoundException:
                return None
        execution = found["execution"]
        details = execution.get("statusDetails", {}).get("detailsMap", {})
        return OrderState(execution["status"]), details.get("reason")

    def withdraw(self, order_id: str, device_id: str) -> bool:
        gone = self._client.exceptions
        with convert_aws_errors():
            try:
                self._client.cancel_job_execution(jobId=order_id, thingName=self._names + device_id)
            except gone.InvalidStateTransitionException:
                return False
            except gone.ResourceNotFoundException:
                return True
        return True

    def recall(self, order_id: str) -> None:
        # Cancel the job, not its execution: AWS IoT creates the execution some time after the job.
        # Only `force` cancels an execution that is IN_PROGRESS, and only on the first call. AWS IoT
        # answers InvalidRequestException if the job has ended.
        gone = self._client.exceptions
        ended = (gone.InvalidRequestException, gone.ResourceNotFoundException)
        with convert_aws_errors(), suppress(*ended):
            self._client.cancel_job(jobId=order_id, force=True)
