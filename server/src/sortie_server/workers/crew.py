"""All workers of the process."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from jobs import kinds
from jobs.core.adapters import messages
from jobs.core.adapters.sqlite import slots, stream
from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.adapters.sqlite.timers import TIME_OUT
from jobs.core.job import JobRef
from jobs.core.publish_changes import PublishChanges
from jobs.kit.clock import Millis
from jobs.kit.lambda_handler import logger
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Outbox
from jobs.kit.sqlite.queue import Policy, Queue
from jobs.kit.sqlite.steady_clock import SteadyClock
from jobs.kit.sqlite.timers import Timer, TimerTable
from jobs.messaging.message import is_unclaimed, next_check
from jobs.payments.adapters.sqlite_timers import WATCH, to_check
from jobs.payments.wiring import wiring as payments
from jobs.webhooks.wiring import wiring as webhooks
from sortie_server.event_log import EventLog, EventLogPublisher
from sortie_server.functions import load_module
from sortie_server.template import QueueRule, Template, resolve
from sortie_server.workers import follow_jobs, follow_slots
from sortie_server.workers.follow_jobs import FollowJobs, NoMetrics
from sortie_server.workers.follow_slots import FollowSlots
from sortie_server.workers.receive_messages import ReceiveMessages
from sortie_server.workers.run_timers import RunTimers
from sortie_server.workers.upkeep import Upkeep
from sortie_server.workers.worker import Worker

WORK: Final = {
    "AgentQueue": ("workers.run_agent_job", "run"),
    "AgentDeadLetterQueue": ("workers.end_dead_letters", "end"),
    "DocsQueue": ("workers.run_docs_job", "run"),
    "DocsDeadLetterQueue": ("workers.end_dead_letters", "end"),
    "PaymentCheckQueue": ("workers.watch_payment", "receive"),
    "PollQueue": ("workers.poll_remote_job", "receive"),
    "WebhookQueue": ("workers.deliver_webhook", "deliver"),
}
"""The function that processes a message, by queue."""
DEAD_CHANGES: Final = "StreamDeadLetterQueue"


class Crew:
    """Starts the workers, and stops them."""

    def __init__(
        self,
        database: Database,
        clock: SteadyClock,
        template: Template,
        parameters: Mapping[str, str],
        log: EventLog,
    ) -> None:
        queues = {
            name: Queue(database, name, clock, to_policy(template.queues[name])) for name in WORK
        }
        for queue in queues.values():
            queue.recover()
        SqliteJobRepository(database, clock, kinds.storage).recover()
        outbox = Outbox(database)
        outbox.subscribe({follow_jobs.CONSUMER: stream.TOPIC, follow_slots.CONSUMER: slots.TOPIC})
        self._receivers = [
            ReceiveMessages(
                database,
                queue,
                getattr(load_module(WORK[name][0]), WORK[name][1]),
                clock,
                int(resolve(template.queues[name].concurrency, parameters)),
            )
            for name, queue in queues.items()
        ]
        steps = {
            "follow-jobs": build_follow_jobs(
                database, outbox, log, Queue(database, DEAD_CHANGES, clock)
            ).step,
            "follow-slots": FollowSlots(
                database=database, outbox=outbox, queues=kinds.limited_queue
            ).step,
            "timers": RunTimers(
                database=database,
                timers=TimerTable(database),
                rings={TIME_OUT: time_out, WATCH: partial(check_payment, clock=clock)},
                clock=clock,
            ).step,
            "upkeep": Upkeep(
                database,
                clock,
                [*(each.signal for each in queues.values()), f"outbox:{stream.TOPIC}"],
            ).step,
            **{each.name: each.step for each in self._receivers},
        }
        self._workers = [Worker(name, step) for name, step in steps.items()]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Begin no further work. The process need not wait for what is under way."""
        for worker in self._workers:
            worker.stop()
        for receiver in self._receivers:
            receiver.stop()

    def find_problems(self) -> list[str]:
        return [f"{each.name} has ended" for each in self._workers if not each.is_alive]


def to_policy(rule: QueueRule) -> Policy:
    return Policy(
        visibility=rule.visibility_s * 1000,
        max_receives=rule.max_receives,
        dead_letters=rule.dead_letters,
    )


def build_follow_jobs(
    database: Database, outbox: Outbox, log: EventLog, dead_letters: Queue
) -> FollowJobs:
    core = kinds.core
    return FollowJobs(
        database=database,
        outbox=outbox,
        storages=kinds.storage,
        kinds=kinds.kind,
        publish=PublishChanges(
            counters=core.counters,
            publisher=EventLogPublisher(log, core.job_events(kinds.kind)),
            metrics=NoMetrics(),
        ),
        plan_webhooks=webhooks.plan_deliveries(kinds.kind),
        end=lambda ref, failure: core.end_dead_letter(kinds.kind)(ref, failure=failure),
        dead_letters=dead_letters,
    )


def time_out(timer: Timer) -> Millis | None:
    ref: JobRef = messages.from_text(timer.body)
    result = kinds.core.expire_job(ref)
    if result.found and is_unclaimed(result.found, kinds.core.clock()):
        about = {"tenant": ref.tenant, "job_id": ref.id}
        logger.warning("no worker has claimed the job", extra=about)
    return result.again and next_check(ref, result.again, kinds.core.clock())


def check_payment(timer: Timer, *, clock: SteadyClock) -> None:
    """Queue the first check of a payment: a check asks a node, and no deadline must wait for it."""
    payments.checks.schedule(to_check(timer), at=clock())
