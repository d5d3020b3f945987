"""The metrics of alarms and of the dashboard exist, with their dimensions."""

import json
import re
from collections.abc import Iterator

from jobs.core.adapters.metrics import PrintedMetrics
from jobs.core.changes import JobChange
from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from tests.architecture.template import metrics_of

SEARCHED = re.compile(
    r'\{\\"\$\{AWS::StackName\}\\",([\w,]+)\} MetricName=\\"(Jobs|ProcessingTime)'
)
PUBLISHED = {  # AWS's metrics, and the dimensions of each namespace
    "AWS/ApiGateway": (
        {
            *("4XXError", "5XXError", "Count", "ConnectCount", "MessageCount"),
            *("ExecutionError", "IntegrationError"),
        },
        {frozenset({"ApiName", "Stage"}), frozenset({"ApiId", "Stage"})},
    ),
    "AWS/DynamoDB": (
        {
            *("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"),
            *("ReadThrottleEvents", "WriteThrottleEvents"),
        },
        {frozenset({"TableName"}), frozenset({"TableName", "GlobalSecondaryIndexName"})},
    ),
    "AWS/Lambda": (
        {"Errors", "IteratorAge", "Throttles"},
        {frozenset(), frozenset({"FunctionName"})},
    ),
    "AWS/SQS": (
        {
            *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"),
            "NumberOfMessagesReceived",
        },
        {frozenset({"QueueName"})},
    ),
    "AWS/States": (
        {"ExecutionsAborted", "ExecutionsFailed", "ExecutionsStarted", "ExecutionsTimedOut"},
        {frozenset({"StateMachineArn"})},
    ),
}


def emitted_metrics(capsys) -> set[tuple[str, frozenset[str]]]:
    """Return the metrics of jobs with their dimensions, as CloudWatch reads them from the log."""
    job = JobRef(tenant="t", kind="messaging", id="1")
    times = {"created_at": 0, "changed_at": 1, "gone_at": 2}
    change = JobChange(ref=job, sequence=3, previous=None, status=JobStatus.SUCCEEDED, **times)
    PrintedMetrics().measure([change])
    found = set()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                for dimensions in directive["Dimensions"]:
                    found.add((metric["Name"], frozenset(dimensions)))
    return found


def test_alarms_and_dashboard_use_job_metrics_as_emitted(alarms, dashboard, capsys) -> None:
    used = {
        (metric.name, frozenset(metric.dimensions)) for metric in metrics_of(alarms["JobsFail"])
    } | {
        (name, frozenset(dimensions.split(","))) for dimensions, name in SEARCHED.findall(dashboard)
    }

    assert len(used) == 3
    assert used <= emitted_metrics(capsys)


def test_alarms_and_dashboard_use_only_metrics_that_aws_publishes(alarms, widgets) -> None:
    used = {
        (metric.namespace, metric.name, frozenset(metric.dimensions))
        for alarm in alarms.values()
        for metric in metrics_of(alarm)
        if isinstance(metric.namespace, str)
    } | set(shown_by(widgets))
    of_aws = {each for each in used if each[0].startswith("AWS/")}

    assert {each[0] for each in of_aws} == PUBLISHED.keys()
    assert {
        each
        for each in of_aws
        if each[1] not in PUBLISHED[each[0]][0] or each[2] not in PUBLISHED[each[0]][1]
    } == set()


def shown_by(widgets) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield the metrics of the widgets; a dot repeats the value above it."""
    for widget in widgets:
        above: list[str] = []
        for row in widget["properties"].get("metrics", []):
            if isinstance(row[0], str):
                cells = [each for each in row if isinstance(each, str)]
                above = [above[place] if each == "." else each for place, each in enumerate(cells)]
                yield above[0], above[1], frozenset(above[2::2])


def test_apis_publish_no_metrics_of_each_method(resources) -> None:
    """API Gateway bills them as custom metrics, and nothing reads them.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """
    settings = resources["Api"]["Properties"]["MethodSettings"]
    socket = resources["WebSocketStage"]["Properties"]["DefaultRouteSettings"]

    assert not any(each["MetricsEnabled"] for each in settings)
    assert not socket["DetailedMetricsEnabled"]
