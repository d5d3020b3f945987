"""Composes webhooks. `jobs.core.wiring` explains wirings."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.core.kind import no_storage
from jobs.core.wiring import CoreWiring

if TYPE_CHECKING:
    from jobs.core.kind import Kinds
    from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog
    from jobs.webhooks.adapters.flow import DynamoPlaces, DynamoReceivers
    from jobs.webhooks.adapters.queue import SqsDeadLetters, SqsDeliveryQueue
    from jobs.webhooks.adapters.sender import WebhookSender
    from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions
    from jobs.webhooks.deliver_webhook import DeliverWebhook
    from jobs.webhooks.plan_deliveries import PlanDeliveries
    from jobs.webhooks.redeliver_webhook import RedeliverWebhook


class WebhooksWiring:
    def __init__(self, core: CoreWiring) -> None:
        self.core = core

    def plan_deliveries(self, kinds: Kinds) -> PlanDeliveries:
        from jobs.webhooks.plan_deliveries import PlanDeliveries

        return PlanDeliveries(
            subscriptions=self.subscriptions,
            log=self.delivery_log,
            queue=self.delivery_queue,
            describe=self.core.job_events(kinds).detail,
            clock=self.core.clock,
        )

    @cached_property
    def deliver_webhook(self) -> DeliverWebhook:
        from jobs.webhooks.adapters.metrics import PrintedDeliveryMetrics
        from jobs.webhooks.adapters.secrets import WebhookSecrets
        from jobs.webhooks.deliver_webhook import DeliverWebhook

        return DeliverWebhook(
            log=self.delivery_log,
            queue=self.delivery_queue,
            dead_letters=self.dead_letters,
            receivers=self.receivers,
            places=self.places,
            secrets=WebhookSecrets(self.core.secrets, os.environ["WEBHOOK_SECRETS"]),
            sender=self.sender,
            metrics=PrintedDeliveryMetrics(),
            clock=self.core.clock,
        )

    @cached_property
    def redeliver_webhook(self) -> RedeliverWebhook:
        from jobs.webhooks.redeliver_webhook import RedeliverWebhook

        return RedeliverWebhook(
            log=self.delivery_log, queue=self.delivery_queue, receivers=self.receivers
        )

    @cached_property
    def subscriptions(self) -> DynamoSubscriptions:
        from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions

        return DynamoSubscriptions(
            self.core.aws.dynamodb, os.environ["REGISTRY_TABLE"], self.core.clock
        )

    @cached_property
    def delivery_log(self) -> DynamoDeliveryLog:
        from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog

        return DynamoDeliveryLog(
            self.core.aws.dynamodb, os.environ["WEBHOOK_TABLE"], self.core.clock
        )

    @cached_property
    def delivery_queue(self) -> SqsDeliveryQueue:
        from jobs.webhooks.adapters.queue import SqsDeliveryQueue

        return SqsDeliveryQueue(self.core.aws.sqs, os.environ["WEBHOOK_QUEUE_URL"], self.core.clock)

    @cached_property
    def dead_letters(self) -> SqsDeadLetters:
        from jobs.webhooks.adapters.queue import SqsDeadLetters

        return SqsDeadLetters(
            self.core.aws.sqs,
            os.environ["WEBHOOK_DEAD_LETTER_QUEUE_URL"],
            os.environ["WEBHOOK_QUEUE_ARN"],
        )

    @cached_property
    def receivers(self) -> DynamoReceivers:
        from jobs.webhooks.adapters.flow import DynamoReceivers

        return DynamoReceivers(self.core.aws.dynamodb, os.environ["WEBHOOK_TABLE"], self.core.clock)

    @cached_property
    def places(self) -> DynamoPlaces:
        from jobs.webhooks.adapters.flow import DynamoPlaces

        return DynamoPlaces(
            self.core.aws.dynamodb,
            os.environ["WEBHOOK_TABLE"],
            self.core.clock,
            limit=int(os.environ["WEBHOOK_TENANT_CONCURRENCY"]),
        )

    @cached_property
    def sender(self) -> WebhookSender:
        from jobs.webhooks.adapters.sender import WebhookSender

        return WebhookSender(loopback=self.core.webhooks_to_loopback)


wiring = WebhooksWiring(CoreWiring(no_storage))
