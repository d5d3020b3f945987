"""Composes the core's use cases from their adapters.

A wiring imports and creates each part on first use, so that a cold start loads only the parts of
its function. A feature's wiring extends this one with the storage of its own kind of job.
Tests put doubles in a wiring's `__dict__`.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.kit.aws.clients import clients
from jobs.kit.clock import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobs.core.adapters.cursors import CursorSigner
    from jobs.core.adapters.dynamodb.counters import DynamoJobCounters
    from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
    from jobs.core.adapters.dynamodb.output import DynamoOutputLog
    from jobs.core.adapters.dynamodb.rate_limits import DynamoRateLimits
    from jobs.core.adapters.dynamodb.slots import DynamoSlots
    from jobs.core.adapters.dynamodb.tenant_limits import DynamoTenantLimits
    from jobs.core.adapters.dynamodb.usage import DynamoUsage
    from jobs.core.adapters.job_events import JobEvents
    from jobs.core.adapters.queue import SqsJobQueue
    from jobs.core.adapters.timers import SqsTimers
    from jobs.core.cancel_job import CancelJob
    from jobs.core.create_job import CreateJob
    from jobs.core.dispatch_job import DispatchJob
    from jobs.core.end_dead_letter import EndDeadLetter
    from jobs.core.expire_job import ExpireJob
    from jobs.core.get_job import GetJob
    from jobs.core.job import JobRef
    from jobs.core.kind import Kinds, Storages
    from jobs.core.limit_rate import LimitRate
    from jobs.core.limited_queue import LimitedQueue
    from jobs.core.list_jobs import ListJobs
    from jobs.core.ports import Delivery, Timers
    from jobs.core.publish_changes import PublishChanges
    from jobs.core.send_early import SendEarly
    from jobs.core.wait_for_job import WaitForJob
    from jobs.kit.aws.clients import AwsClients
    from jobs.kit.aws.secrets import SecretsManager
    from jobs.kit.clock import Clock, Millis


class CoreWiring:
    """`storages` knows the kinds of job that this process reads and writes."""

    def __init__(self, storages: Storages) -> None:
        self.storages = storages
        self.aws: AwsClients = clients
        self.clock: Clock = now
        self.sleep: Callable[[float], None] = time.sleep

    # ── Settings ────────────────────────────────────────────────────────────────

    @property
    def retention(self) -> Millis:
        return int(os.environ["RETENTION_HOURS"]) * 3_600_000

    @property
    def shards(self) -> int:
        """Return the number of shards over which new jobs of a tenant are spread."""
        return int(os.environ["TENANT_SHARDS"])

    @property
    def webhooks_to_loopback(self) -> bool:
        """Whether webhooks may go to this machine, where the local stack's receivers are."""
        return os.environ["WEBHOOKS_TO_LOOPBACK"] == "true"

    # ── Use cases ───────────────────────────────────────────────────────────────

    @cached_property
    def create_job(self) -> CreateJob:
        from jobs.core.create_job import CreateJob

        return CreateJob(
            repository=self.jobs,
            clock=self.clock,
            retention=self.retention,
            shards=self.shards,
        )

    @cached_property
    def wait_for_job(self) -> WaitForJob:
        from jobs.core.wait_for_job import WaitForJob

        return WaitForJob(repository=self.jobs, clock=self.clock, pause=self.pause)

    @cached_property
    def get_job(self) -> GetJob:
        from jobs.core.get_job import GetJob

        return GetJob(repository=self.jobs, clock=self.clock)

    @cached_property
    def list_jobs(self) -> ListJobs:
        from jobs.core.list_jobs import ListJobs

        return ListJobs(
            repository=self.jobs,
            counters=self.counters,
            signer=self.cursor_signer,
            clock=self.clock,
        )

    @cached_property
    def cancel_job(self) -> CancelJob:
        from jobs.core.cancel_job import CancelJob

        return CancelJob(repository=self.jobs, clock=self.clock)

    @cached_property
    def expire_job(self) -> ExpireJob:
        from jobs.core.expire_job import ExpireJob

        return ExpireJob(repository=self.jobs, clock=self.clock)

    @cached_property
    def limit_rate(self) -> LimitRate:
        from jobs.core.limit_rate import LimitRate

        return LimitRate(limits=self.rate_limits)

    def dispatch_job(self, send: Callable[[JobRef], None]) -> DispatchJob:
        """Return the use case that hands new jobs to workers. `send` queues one."""
        from jobs.core.dispatch_job import DispatchJob

        return DispatchJob(repository=self.jobs, timers=self.timers, send=send)

    def limited_queue(self, url: str, *, max_age: Millis) -> LimitedQueue:
        """Return a queue of agents' jobs, which a tenant shares with others."""
        from jobs.core.limited_queue import LimitedQueue

        return LimitedQueue(
            slots=self.slots,
            queue=self.queue(url),
            repository=self.jobs,
            tenant_limits=self.tenant_limits,
            limit=int(os.environ["AGENT_TENANT_CONCURRENCY"]),
            max_age=max_age,
        )

    def send_early(self, url: str, *, max_age: Millis) -> SendEarly:
        """Return the use case that sends new jobs to a limited queue when they are created."""
        from jobs.core.send_early import SendEarly

        queue = self.limited_queue(url, max_age=max_age)
        return SendEarly(queue=replace(queue, slots=self.hasty_slots, queue=self.hasty_queue(url)))

    def end_dead_letter(self, kinds: Kinds) -> EndDeadLetter:
        from jobs.core.end_dead_letter import EndDeadLetter

        return EndDeadLetter(repository=self.jobs, kinds=kinds, clock=self.clock)

    def publish_changes(self, kinds: Kinds) -> PublishChanges:
        from jobs.core.adapters.eventbridge import EventBridgePublisher
        from jobs.core.adapters.metrics import PrintedMetrics
        from jobs.core.publish_changes import PublishChanges

        publisher = EventBridgePublisher(
            self.aws.events, os.environ["EVENT_BUS"], self.job_events(kinds)
        )
        return PublishChanges(counters=self.counters, publisher=publisher, metrics=PrintedMetrics())

    # ── Adapters ────────────────────────────────────────────────────────────────

    @cached_property
    def jobs(self) -> DynamoJobRepository:
        from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository

        return DynamoJobRepository(
            self.aws.dynamodb, os.environ["JOB_TABLE"], self.clock, self.storages
        )

    @cached_property
    def output_log(self) -> DynamoOutputLog:
        from jobs.core.adapters.dynamodb.output import DynamoOutputLog

        return DynamoOutputLog(self.aws.dynamodb, os.environ["OUTPUT_TABLE"])

    @cached_property
    def counters(self) -> DynamoJobCounters:
        from jobs.core.adapters.dynamodb.counters import DynamoJobCounters

        return DynamoJobCounters(
            self.aws.dynamodb, os.environ["COUNTER_TABLE"], self.clock, shards=self.shards
        )

    @cached_property
    def usage(self) -> DynamoUsage:
        from jobs.core.adapters.dynamodb.usage import DynamoUsage

        return DynamoUsage(self.aws.dynamodb, os.environ["COUNTER_TABLE"], self.clock)

    @cached_property
    def rate_limits(self) -> DynamoRateLimits:
        from jobs.core.adapters.dynamodb.rate_limits import DynamoRateLimits

        return DynamoRateLimits(self.aws.dynamodb, os.environ["MISSION_TABLE"], self.clock)

    @cached_property
    def slots(self) -> DynamoSlots:
        from jobs.core.adapters.dynamodb.slots import DynamoSlots

        return DynamoSlots(self.aws.dynamodb, os.environ["JOB_TABLE"], self.clock)

    @cached_property
    def hasty_slots(self) -> DynamoSlots:
        from jobs.core.adapters.dynamodb.slots import DynamoSlots

        return DynamoSlots(self.aws.hasty_dynamodb, os.environ["JOB_TABLE"], self.clock)

    @cached_property
    def tenant_limits(self) -> DynamoTenantLimits:
        from jobs.core.adapters.dynamodb.tenant_limits import DynamoTenantLimits

        return DynamoTenantLimits(self.aws.dynamodb, os.environ["REGISTRY_TABLE"], self.clock)

    @cached_property
    def timers(self) -> Timers:
        """The timers of new jobs' deadlines."""
        from jobs.core.adapters.timers import StepFunctionsTimers, TimersByLength

        executions = StepFunctionsTimers(
            self.aws.step_functions, time_out_arn=os.environ["JOB_TIMEOUT_ARN"]
        )
        if os.environ["DEADLINES"] == "executions":
            return executions
        return TimersByLength(short=self.delayed_timers, long=executions, clock=self.clock)

    @cached_property
    def delayed_timers(self) -> SqsTimers:
        from jobs.core.adapters.timers import SqsTimers

        return SqsTimers(self.aws.sqs, os.environ["DEADLINE_QUEUE_URL"], self.clock)

    @cached_property
    def secrets(self) -> SecretsManager:
        from jobs.kit.aws.secrets import SecretsManager

        return SecretsManager(self.aws.secrets_manager, self.clock)

    @cached_property
    def cursor_signer(self) -> CursorSigner:
        from jobs.core.adapters.cursors import CursorSigner

        return CursorSigner(self.secrets, os.environ["CURSOR_SECRET_ARN"])

    def queue(self, url: str) -> SqsJobQueue:
        from jobs.core.adapters.queue import SqsJobQueue

        return SqsJobQueue(self.aws.sqs, url)

    def hasty_queue(self, url: str) -> SqsJobQueue:
        from jobs.core.adapters.queue import SqsJobQueue

        return SqsJobQueue(self.aws.hasty_sqs, url)

    def delivery(self, url: str, receipt_handle: str, count: int) -> Delivery:
        """Return one receipt of a message from a queue; `count`: of its receipts so far."""
        from jobs.kit.aws.sqs import SqsDelivery

        return SqsDelivery(self.aws.sqs, url, receipt_handle, count)

    def pause(self, ref: JobRef, seconds: float) -> None:
        """Sleep: a table cannot tell that a job has ended."""
        self.sleep(seconds)

    def job_events(self, kinds: Kinds) -> JobEvents:
        from jobs.core.adapters.job_events import JobEvents

        return JobEvents(kinds)
