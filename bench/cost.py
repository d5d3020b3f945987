"""Price a recording of work at list prices."""

from collections.abc import Mapping

from bench.price import Usage, estimate_billed_ms, price_extras
from bench.recording import Recording
from bench.report import Row


def compute_usage(recording: Recording, *, cpu_ms: float | None = None, **added: float) -> Usage:
    """Return the usage of a recording. `cpu_ms` is the median of several recordings.

    `added` is usage outside of the functions' own calls. Messages of AWS IoT are added to those
    that the functions publish.
    """
    calls = recording.calls
    return Usage(
        requests=recording.requests,
        invocations=recording.invocations,
        lambda_ms=estimate_billed_ms(
            cpu_ms=recording.cpu_ms if cpu_ms is None else cpu_ms, calls=calls.total
        ),
        write_units=calls.write_units,
        read_units=calls.read_units,
        queue_requests=calls.of("sqs") + recording.polled,
        events=calls.of("events"),
        iot_messages=calls.of("iot-data") + added.pop("iot_messages", 0),
        socket_messages=calls.of("apigatewaymanagementapi"),
        **added,
    )


def compute_extras(used: Usage, recording: Recording, log_bytes: float) -> Mapping[str, float]:
    """Return the cost of logs, traces and transfer per million, which can be reduced."""
    return price_extras(
        log_bytes=log_bytes,
        requests=used.requests,
        invocations=used.invocations,
        traces=used.invocations,
        answer_bytes=recording.answer_bytes,
    )


def build_rows(
    name: str,
    services: Mapping[str, float],
    extras: Mapping[str, float],
    *,
    budget: float | None = None,
) -> list[Row]:
    """Return the dollars per million of each service, of their sum, and of the extras."""
    return [
        *(Row(name=service, value=dollars, unit="$/M") for service, dollars in services.items()),
        Row(name=name, value=sum(services.values()), unit="$/M", budget=budget),
        Row(
            name="outside the budget" if budget else "outside the sum",
            value=sum(extras.values()),
            unit="$/M",
            details={f"$/M {extra}": dollars for extra, dollars in extras.items()},
        ),
    ]


def price_thousand(*parts: Mapping[str, float]) -> float:
    """Convert dollars per million to dollars per thousand."""
    return sum(sum(part.values()) for part in parts) / 1000


def subtract(total: Mapping[str, float], base: Mapping[str, float]) -> Mapping[str, float]:
    """Return the additional cost by service."""
    return {
        name: dollars - base.get(name, 0)
        for name, dollars in total.items()
        if dollars > base.get(name, 0)
    }
