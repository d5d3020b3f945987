"""Timers as Step Functions executions: one for each job or share and each purpose."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.clock import Millis

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


def start_once(client: "SFNClient", arn: str, name: str, about: Mapping[str, Any]) -> None:
    """Start the execution of this name. Idempotent: the name is the key."""
    with suppress(client.exceptions.ExecutionAlreadyExists), convert_aws_errors():
        client.start_execution(stateMachineArn=arn, name=name, input=json.dumps(about))


def timestamp(millis: Millis) -> str:
    """Format in whole seconds, rounded up, so that no wait ends early."""
    return datetime.fromtimestamp(-(-millis // 1000), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
