"""List prices of us-east-1, the price of a job's usage, and of a stack without any."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LAMBDA_GB: Final = 0.5
"""Template: MemorySize 512."""
LAMBDA_VCPU: Final = 512 / 1769
"""A function of 1,769 MB has one vCPU; a smaller one has a share of it."""
CALL_WAIT_MS: Final = 5.0
"""Assumed: the waiting time per call of an AWS service in the same region."""

REST_REQUEST: Final = 3.50
LAMBDA_REQUEST: Final = 0.20
LAMBDA_GB_SECOND: Final = 13.3334
WRITE_UNIT: Final = 0.625
READ_UNIT: Final = 0.125
SQS_REQUEST: Final = 0.40
TRANSITION: Final = 25.0
EVENT: Final = 1.0
IOT_MESSAGE: Final = 1.0
IOT_RULE: Final = 0.15 + 0.15
"""The triggered rule and its one action."""
SOCKET_MESSAGE: Final = 1.0
SOCKET_MINUTE: Final = 0.25
LOG_GB: Final = 0.50
TRACE: Final = 5.0
OUT_GB: Final = 0.09
TRACED: Final = 0.05
"""X-Ray's default sampling rate, beyond one request per second."""
TOKEN: Final = 2250.0
"""An access token of Cognito's client credentials grant: $2.25 per 1,000."""
APP_CLIENT_MONTH: Final = 6.0
"""https://aws.amazon.com/cognito/pricing/"""
ALARM_METRIC_MONTH: Final = 0.10
"""Each metric of an alarm with metric math counts. https://aws.amazon.com/cloudwatch/pricing/"""
DASHBOARD_MONTH: Final = 3.0
METRIC_MONTH: Final = 0.30
SECRET_MONTH: Final = 0.40
"""https://aws.amazon.com/secrets-manager/pricing/"""
IDLE_POLLS: Final = 5 * 3 * 60 * 24 * 30
"""Assumed: Lambda polls each idle queue with five requests of 20 seconds, for 30 days.

https://repost.aws/knowledge-center/sqs-high-charges
"""
PLATFORM_LOG_BYTES: Final = 700
"""Assumed: the lines that Lambda itself logs per invocation."""
ACCESS_LOG_BYTES: Final = 600
"""Assumed: the line of an HTTP API's access log, whose format is in template.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One job's usage of each priced service. `rules` are AWS IoT's, with one action each."""

    requests: float = 0
    invocations: float = 0
    lambda_ms: float = 0
    write_units: float = 0
    read_units: float = 0
    queue_requests: float = 0
    transitions: float = 0
    events: float = 0
    iot_messages: float = 0
    rules: float = 0
    socket_messages: float = 0
    socket_minutes: float = 0


def price_million(used: Usage) -> Mapping[str, float]:
    """Return the dollars per million jobs, by service, without unused services."""
    gb_seconds = used.lambda_ms / 1000 * LAMBDA_GB
    dollars = {
        "API Gateway": used.requests * REST_REQUEST,
        "Lambda": used.invocations * LAMBDA_REQUEST + gb_seconds * LAMBDA_GB_SECOND,
        "DynamoDB": used.write_units * WRITE_UNIT + used.read_units * READ_UNIT,
        "SQS": used.queue_requests * SQS_REQUEST,
        "Step Functions": used.transitions * TRANSITION,
        "EventBridge": used.events * EVENT,
        "IoT Core": used.iot_messages * IOT_MESSAGE + used.rules * IOT_RULE,
        "WebSocket API": (
            used.socket_messages * SOCKET_MESSAGE + used.socket_minutes * SOCKET_MINUTE
        ),
    }
    return {service: amount for service, amount in dollars.items() if amount}


def price_extras(
    *, log_bytes: float, requests: float, invocations: float, traces: float, answer_bytes: float
) -> Mapping[str, float]:
    """Return the dollars per million jobs outside the budget, which can be reduced."""
    logged = log_bytes + requests * ACCESS_LOG_BYTES + invocations * PLATFORM_LOG_BYTES
    return {
        "CloudWatch Logs": logged / 1000 * LOG_GB,
        "X-Ray": traces * TRACED * TRACE,
        "data transfer": answer_bytes / 1000 * OUT_GB,
    }


def estimate_billed_ms(*, cpu_ms: float, calls: int) -> float:
    """Estimate a function's duration on Lambda from its CPU time here and its AWS calls."""
    return cpu_ms / LAMBDA_VCPU + calls * CALL_WAIT_MS


def price_idle_month(resources: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the dollars per month of a template's resources without any usage, by service."""
    found = Counter(each["Type"] for each in resources.values())
    alarms = [each for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    polled = [
        event
        for each in resources.values()
        for event in each["Properties"].get("Events", {}).values()
        if each["Type"] == "AWS::Serverless::Function" and event["Type"] == "SQS"
    ]
    metrics = sum(map(_count_metrics, alarms))
    return {
        f"alarms: {len(alarms)}, on {metrics} metrics": metrics * ALARM_METRIC_MONTH,
        "dashboard": found["AWS::CloudWatch::Dashboard"] * DASHBOARD_MONTH,
        "metrics of the log": found["AWS::Logs::MetricFilter"] * METRIC_MONTH,
        "secrets": found["AWS::SecretsManager::Secret"] * SECRET_MONTH,
        f"polling of queues: {len(polled)}": len(polled) * IDLE_POLLS * SQS_REQUEST / 1_000_000,
    }


def _count_metrics(alarm: Mapping[str, Any]) -> int:
    metrics = alarm["Properties"].get("Metrics", [])
    return sum("MetricStat" in each for each in metrics) or 1


def price_program_month(*, tokens_per_hour: float) -> float:
    """Return the dollars per month of a program that uses the missions API all the time."""
    return APP_CLIENT_MONTH + 24 * 30 * tokens_per_hour * TOKEN / 1_000_000
