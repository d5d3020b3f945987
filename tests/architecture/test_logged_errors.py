"""The metric filter on the log counts every line about an error.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

import re
from typing import Any

import pytest

from tests.architecture.template import of_type

TERM = re.compile(r'\(\$\.([\w.]+) = "(\w+)"\)')


@pytest.fixture(scope="module")
def pattern(resources) -> str:
    [counted] = of_type(resources, "AWS::Logs::MetricFilter").values()
    text: str = counted["FilterPattern"]
    return text


def matches(pattern: str, line: dict[str, Any]) -> bool:
    """Evaluate a JSON filter pattern that is a disjunction of equalities."""
    assert TERM.sub("", pattern).split() == ["{", *["||"] * (len(TERM.findall(pattern)) - 1), "}"]
    return any(field(line, path) == value for path, value in TERM.findall(pattern))


def field(line: Any, path: str) -> Any:
    for key in path.split("."):
        line = line.get(key) if isinstance(line, dict) else None
    return line


@pytest.mark.parametrize("line", [
    {"level": "ERROR", "message": "message failed, to be sent again", "service": "sortie"},
    # Lambda's runtime client for Python: up to 4.0.3, and since
    {"log_level": "ERROR", "errorType": "KeyError", "errorMessage": "'id'", "requestId": "1"},
    {"level": "ERROR", "errorType": "KeyError", "errorMessage": "'id'", "requestId": "1"},
    # https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
    {"type": "platform.report", "record": {"status": "timeout", "requestId": "1"}},
    {"type": "platform.runtimeDone", "record": {"status": "failure", "requestId": "1"}},
])  # fmt: skip
def test_error_line_is_counted(pattern, line) -> None:
    assert matches(pattern, line)


@pytest.mark.parametrize("line", [
    {"level": "INFO", "message": "answered"},
    {"level": "WARNING", "message": "webhook delivery not found"},
    {"type": "platform.report", "record": {"status": "success", "requestId": "1"}},
])  # fmt: skip
def test_ordinary_line_is_not_counted(pattern, line) -> None:
    assert not matches(pattern, line)
