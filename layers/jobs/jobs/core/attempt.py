"""A worker's attempt at a job: claim it, renew the claim with heartbeats, give it up."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from jobs.core.change_job import change_job
from jobs.core.errors import DuplicateMessageError, JobLeasedError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import Delivery, JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError, UnavailableError

LEASE_MS: Final[Millis] = 25_000
"""Another worker may take over a job this long after the last heartbeat."""

VISIBILITY_TIMEOUT_S: Final = 30
"""SQS redelivers a message this long after the last heartbeat, when the lease has expired."""

HEARTBEAT_S: Final = 10.0
RETRY_DELAY_S: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt at the job that a queue's message names.

    One failed heartbeat does no harm: the lease and the message last for two more intervals.
    """

    repository: JobRepository
    delivery: Delivery
    clock: Clock

    def hold_message(self) -> None:
        """Keep the message from other workers until the next heartbeat is overdue."""
        with suppress(UnavailableError, RefusedError):
            self.delivery.hold(VISIBILITY_TIMEOUT_S)

    def claim(
        self,
        ref: JobRef,
        check: Callable[[Job], None] = lambda job: None,
        hand_over: Callable[[Job], Job | None] = lambda job: None,
    ) -> Job:
        """Claim the job and return it. `check` may raise to prevent the claim.

        `hand_over` may return the job as others than this process shall claim it; None: claim it.

        Raises `JobNotFoundError`, `JobEndedError`, and `JobLeasedError` while another worker runs
        the job. Then SQS redelivers this message after the other worker's lease has expired.
        Raises `DuplicateMessageError` for a new message of a job that has been claimed before: with
        another message, which comes again until the job has ended.
        """

        def claim(job: Job) -> Job:
            if handed_over := hand_over(job):
                return handed_over
            if job.attempt and self.delivery.count == 1 and not job.status.is_terminal:
                raise DuplicateMessageError(job.id)
            claimed = job.claim(now=self.clock(), lease=LEASE_MS)
            check(job)
            return claimed

        try:
            return change_job(self.repository, ref, claim)
        except JobLeasedError as error:
            self.delivery.hold((error.until - self.clock()) // 1000 + VISIBILITY_TIMEOUT_S)
            raise

    def heartbeat(self, job: Job) -> None:
        """Renew the lease and hold the message. Raises `StaleJobError` if the claim is lost."""
        self.hold_message()
        with suppress(UnavailableError):
            self.repository.renew(job, lease_until=self.clock() + LEASE_MS)

    def give_up(self, job: Job) -> None:
        """Let the next attempt begin after `RETRY_DELAY_S`, before the lease would expire."""
        with suppress(StaleJobError, UnavailableError, RefusedError):
            self.repository.renew(job, lease_until=self.clock())
            self.delivery.hold(RETRY_DELAY_S)
