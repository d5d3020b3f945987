"""Composition of events and webhooks; `jobs.core.wiring` says how it works."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from jobs.core import wiring as bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.core.ports import Delivery
    from jobs.core.publish_changes import PublishChanges
    from jobs.job_requests.adapters.replies import RequestEvents
    from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog
    from jobs.webhooks.adapters.queue import SqsDeliveryQueue
    from jobs.webhooks.adapters.sender import WebhookSender
    from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions
    from jobs.webhooks.deliver_webhook import DeliverWebhook
    from jobs.webhooks.plan_deliveries import PlanDeliveries
    from jobs.webhooks.redeliver_webhook import RedeliverWebhook


# ── The event bus ───────────────────────────────────────────────────────────────


@cache
def publish_changes() -> PublishChanges:
    from jobs.core.adapters.eventbridge import EventBridgePublisher
    from jobs.core.adapters.metrics import PrintedMetrics
    from jobs.core.publish_changes import PublishChanges

    publisher = EventBridgePublisher(bootstrap.client("events"), os.environ["EVENT_BUS"], _paths())
    return PublishChanges(
        counters=bootstrap.counters(), publisher=publisher, metrics=PrintedMetrics()
    )


@cache
def request_events() -> RequestEvents:
    from jobs.job_requests.adapters.replies import RequestEvents

    return RequestEvents(bootstrap.client("events"), os.environ["EVENT_BUS"])


def _paths() -> Mapping[str, str]:
    """Where each dialect answers for a job."""
    from jobs.docs import docs_job as docs
    from jobs.messaging.api import responses as messaging
    from jobs.missions import mission

    return {
        messaging.NAME: messaging.JOB_PATH,
        mission.DIALECT: mission.JOB_PATH,
        docs.DIALECT: docs.JOB_PATH,
    }


# ── Webhooks ────────────────────────────────────────────────────────────────────


def to_loopback() -> bool:
    """Whether webhooks may go to this machine: the local stack's receivers are there."""
    return os.environ["WEBHOOKS_TO_LOOPBACK"] == "true"


@cache
def plan_deliveries() -> PlanDeliveries:
    from jobs.core.adapters.job_events import JobEvents
    from jobs.webhooks.plan_deliveries import PlanDeliveries

    return PlanDeliveries(
        subscriptions=subscriptions(),
        log=delivery_log(),
        queue=delivery_queue(),
        describe=JobEvents(_paths()).detail,
        clock=bootstrap.now,
    )


@cache
def deliver_webhook() -> DeliverWebhook:
    from jobs.core.adapters.metrics import PrintedDeliveryMetrics
    from jobs.webhooks.adapters.secrets import WebhookSecrets
    from jobs.webhooks.deliver_webhook import DeliverWebhook

    return DeliverWebhook(
        log=delivery_log(),
        secrets=WebhookSecrets(bootstrap.secrets(), os.environ["WEBHOOK_SECRETS"]),
        sender=sender(),
        metrics=PrintedDeliveryMetrics(),
        clock=bootstrap.now,
    )


@cache
def redeliver_webhook() -> RedeliverWebhook:
    from jobs.webhooks.redeliver_webhook import RedeliverWebhook

    return RedeliverWebhook(log=delivery_log(), queue=delivery_queue())


# ── What webhooks stand on ──────────────────────────────────────────────────────


@cache
def subscriptions() -> DynamoSubscriptions:
    from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions

    return DynamoSubscriptions(bootstrap.dynamodb(), os.environ["REGISTRY_TABLE"], bootstrap.now)


@cache
def delivery_log() -> DynamoDeliveryLog:
    from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog

    return DynamoDeliveryLog(bootstrap.dynamodb(), os.environ["WEBHOOK_TABLE"], bootstrap.now)


@cache
def delivery_queue() -> SqsDeliveryQueue:
    from jobs.webhooks.adapters.queue import SqsDeliveryQueue

    return SqsDeliveryQueue(bootstrap.sqs(), os.environ["WEBHOOK_QUEUE_URL"])


@cache
def sender() -> WebhookSender:
    from jobs.webhooks.adapters.sender import WebhookSender

    return WebhookSender(loopback=to_loopback())


def webhook_receipt(receipt_handle: str) -> Delivery:
    from jobs.kit.aws.sqs import SqsDelivery

    return SqsDelivery(bootstrap.sqs(), os.environ["WEBHOOK_QUEUE_URL"], receipt_handle)
