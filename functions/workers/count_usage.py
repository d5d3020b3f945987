"""Streams of the webhook and the payment table: count attempts and payments as usage.

Usage of jobs is counted with the jobs, by `publish_events`.
"""

from typing import Any

from jobs import kinds
from jobs.kit import lambda_handler as runtime
from jobs.payments.adapters.records import parse_changes
from jobs.payments.usage import usage_of_payment
from jobs.webhooks.adapters.deliveries import parse_deliveries
from jobs.webhooks.usage import usage_of_delivery


def count_usage(records: Any) -> None:
    deliveries, payments = parse_deliveries(records), parse_changes(records)
    logs = [*map(usage_of_delivery, deliveries), *map(usage_of_payment, payments)]
    kinds.core.usage.count(logs)


lambda_handler = runtime.stream_batch(count_usage, needs=lambda: kinds.core.usage)
