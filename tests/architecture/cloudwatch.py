"""CloudWatch's evaluation of alarms, as far as the template uses it.

- Alarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
- Missing data: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
- Metric math: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

type Series = Sequence[float | None]
"""The values of a metric, oldest first, one a minute or period. None: no data."""
type Value = Callable[[str], Series]
type Operator = Callable[[float, float], float | None]

_EXTRA_PERIODS: Final = 2
"""CloudWatch retrieves more data points than it evaluates: five for three in AWS's example."""
_BINARY: Final[Mapping[type[ast.AST], Operator]] = {
    ast.Add: lambda a, b: a + b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b else None,  # "the data point is dropped"
    ast.GtE: lambda a, b: float(a >= b),
}


def states_of(alarm: Mapping[str, Any], metrics: Mapping[str, Series], *, delay: int) -> list[str]:
    """Return an alarm's state after each minute, if metrics arrive `delay` minutes late.

    `metrics` has the values of each minute, by id in a metric math alarm, otherwise by name.
    """
    length = max(map(len, metrics.values()))
    states = ["OK"]
    for now in range(1, length + 1):
        arrived = {name: series[: max(now - delay, 0)] for name, series in metrics.items()}
        states.append(evaluate(alarm, data_points(alarm, arrived, now), states[-1]))
    return states[1:]


def evaluate(alarm: Mapping[str, Any], points: Series, state: str) -> str:
    """Return the next state. Only missing data is treated as such, and only if it is needed."""
    if _is_of_dynamodb(alarm) and all(point is None for point in points):
        return state  # "Alarms that evaluate metrics in AWS/DynamoDB always ignore missing data"
    if (alarm["ComparisonOperator"], alarm["TreatMissingData"]) != (
        "GreaterThanThreshold",
        "notBreaching",
    ):
        raise NotImplementedError(alarm)
    periods = alarm["EvaluationPeriods"]
    newest = [point for point in points if point is not None][-periods:]
    breaching = sum(point > threshold_of(alarm) for point in newest)
    return "ALARM" if breaching >= alarm.get("DatapointsToAlarm", periods) else "OK"


def threshold_of(alarm: Mapping[str, Any]) -> float:
    """Return a threshold. One that a condition changes is that without the condition."""
    match alarm["Threshold"]:
        case {"Fn::If": [_, _, usual]}:
            return float(usual)
        case threshold:
            return float(threshold)


def data_points(alarm: Mapping[str, Any], arrived: Mapping[str, Series], now: int) -> Series:
    """Return the data points that CloudWatch retrieves, newest last."""
    count = alarm["EvaluationPeriods"] + _EXTRA_PERIODS
    if "Metrics" not in alarm:
        series = arrived[alarm["MetricName"]]
        return _aggregate(series, alarm["Statistic"], alarm["Period"], count, now)
    known, returned = dict[str, Series](), ""
    expressions = {
        each["Id"]: each["Expression"] for each in alarm["Metrics"] if "Expression" in each
    }
    for each in alarm["Metrics"]:
        if stat := each.get("MetricStat"):
            known[each["Id"]] = _aggregate(
                arrived[each["Id"]], stat["Stat"], stat["Period"], count, now
            )
        if each.get("ReturnData", True):
            returned = each["Id"]

    def value(name: str) -> Series:
        if name in expressions:
            return _calculate(expressions[name], value, count)
        return known[name]

    return value(returned)


def _aggregate(minutes: Series, statistic: str, period: int, count: int, now: int) -> Series:
    """Return a metric's value in each of the last periods.

    AWS: "at the end of minute 6, the alarm evaluates based on data from minutes 2 to 6".
    """
    length = period // 60
    points: list[float | None] = []
    for back in range(count, 0, -1):
        start, end = now - back * length, now - (back - 1) * length
        values = [each for each in minutes[max(start, 0) : max(end, 0)] if each is not None]
        points.append({"Sum": sum, "Maximum": max}[statistic](values) if values else None)
    return points


def _calculate(expression: str, value: Value, count: int) -> Series:
    tree = ast.parse(expression, mode="eval").body
    return [_at(tree, value, point) for point in range(count)]


def _at(node: ast.expr, value: Value, point: int) -> float | None:
    """Calculate one data point of an expression."""
    match node:
        case ast.Constant(value=float() | int() as number):
            return float(number)
        case ast.Name(id=name):
            return value(name)[point]
        case ast.Call(func=ast.Name(id="FILL"), args=[series, filler]):
            known = _at(series, value, point)
            return _at(filler, value, point) if known is None else known
        case ast.Call(func=ast.Name(id="IF"), args=[condition, true, false]):
            decided = _at(condition, value, point)
            return None if decided is None else _at(true if decided else false, value, point)
        case (
            ast.BinOp(left=left, op=operator, right=right)
            | ast.Compare(left=left, ops=[operator], comparators=[right])
        ):
            return _operate(_BINARY[type(operator)], [left, right], value, point)
    raise NotImplementedError(ast.unparse(node))


def _operate(operator: Operator, sides: list[ast.expr], value: Value, point: int) -> float | None:
    """Missing values are treated as 0, if another time series has a value."""
    values = {side: _at(side, value, point) for side in sides}
    if all(values[side] is None for side in sides if not isinstance(side, ast.Constant)):
        return None
    return operator(*(each or 0.0 for each in values.values()))


def _is_of_dynamodb(alarm: Mapping[str, Any]) -> bool:
    return "AWS/DynamoDB" in set(_namespaces(alarm))


def _namespaces(alarm: Mapping[str, Any]) -> Iterator[Any]:
    for each in alarm.get("Metrics", []):
        if "MetricStat" in each:
            yield str(each["MetricStat"]["Metric"]["Namespace"])
    yield str(alarm.get("Namespace"))
