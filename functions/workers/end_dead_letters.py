"""Dead-letter queue of the job queues: end each job that no worker could process."""

from typing import Any

from jobs import kinds
from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime


def end(record: Any) -> None:
    try:
        ref = messages.from_text(record["body"])
    except ValueError:
        runtime.logger.error("dead letter has no job reference", message_id=record["messageId"])
        return
    ended = kinds.core.end_dead_letter(kinds.kind)(ref)
    if slot := messages.slot_from_text(record["body"]):
        kinds.core.slots.release(ref, slot)
    runtime.logger.error("dead letter processed", tenant=ref.tenant, job_id=ref.id, ended=ended)


lambda_handler = runtime.queue(
    end, needs=lambda: (kinds.core.slots, kinds.core.end_dead_letter(kinds.kind))
)
