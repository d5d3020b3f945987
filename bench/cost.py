"""What a course of work comes to, at list prices."""

from collections.abc import Mapping

from bench.course import Course
from bench.price import Usage, beside_the_budget, billed_ms
from bench.report import Row


def usage(course: Course, *, cpu_ms: float | None = None, **more: float) -> Usage:
    """`cpu_ms`: the median of several courses, where there were several.

    `more` is what was not done through the functions' own calls; AWS IoT's messages are added to
    those that they have published themselves.
    """
    calls = course.calls
    return Usage(
        requests=course.requests,
        invocations=course.invocations,
        lambda_ms=billed_ms(cpu_ms=course.cpu_ms if cpu_ms is None else cpu_ms, calls=calls.total),
        write_units=calls.write_units,
        read_units=calls.read_units,
        queue_requests=calls.of("sqs") + course.polled,
        events=calls.of("events"),
        iot_messages=calls.of("iot-data") + more.pop("iot_messages", 0),
        socket_messages=calls.of("apigatewaymanagementapi"),
        **more,
    )


def accompanying(used: Usage, course: Course, log_bytes: float) -> Mapping[str, float]:
    """Dollars for a million of what goes along with each, and can be turned down."""
    return beside_the_budget(
        log_bytes=log_bytes,
        invocations=used.invocations,
        traces=used.invocations,
        answer_bytes=course.answer_bytes,
    )


def rows(
    what: str,
    services: Mapping[str, float],
    beside: Mapping[str, float],
    *,
    budget: float | None = None,
) -> list[Row]:
    """Dollars for a million: each service's, their sum, and what stands beside it."""
    return [
        *(Row(what=name, value=dollars, unit="$/M") for name, dollars in services.items()),
        Row(what=what, value=sum(services.values()), unit="$/M", budget=budget),
        Row(
            what="beside the budget" if budget else "beside the sum",
            value=sum(beside.values()),
            unit="$/M",
            beside={f"$/M {name}": dollars for name, dollars in beside.items()},
        ),
    ]


def a_thousand(*parts: Mapping[str, float]) -> float:
    """Dollars for a thousand, from those for a million."""
    return sum(sum(part.values()) for part in parts) / 1000


def more(with_it: Mapping[str, float], without: Mapping[str, float]) -> Mapping[str, float]:
    """What comes on top, by service."""
    return {
        name: dollars - without.get(name, 0)
        for name, dollars in with_it.items()
        if dollars > without.get(name, 0)
    }
