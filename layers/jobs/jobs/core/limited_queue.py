"""Limit how many messages of a tenant a queue and its workers hold, so that others find workers."""

from dataclasses import dataclass
from typing import Final

from jobs.core.errors import JobNotFoundError
from jobs.core.ids import created_at
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository, SlotQueue, Slots, TenantLimitsRegistry
from jobs.core.slots import Release, Slot
from jobs.kit.clock import Millis

_DELAY_S: Final = 5
"""Longer than the cold start of a worker: it normally finds the job under way by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedQueue:
    """A `JobQueue`. Jobs without a slot wait in the table, and keep their order.

    `limit`: of a tenant without a limit of its own. `max_age`: after it, a job has ended, so a slot
    that was lost in a crash is free again.
    """

    slots: Slots
    queue: SlotQueue
    repository: JobRepository
    tenant_limits: TenantLimitsRegistry
    limit: int
    max_age: Millis

    def send(self, ref: JobRef) -> None:
        """Queue the job, or let it wait. Idempotent while the job has a slot."""
        self._send_or_wait(ref, delay_s=0)

    def send_new(self, ref: JobRef) -> None:
        """Queue a new job, or let it wait.

        If it has a slot, its creator has taken it and sent the message. In case that the creator
        died in between, a second message follows later.
        """
        self._send_or_wait(ref, delay_s=_DELAY_S)

    def send_early(self, ref: JobRef) -> None:
        """Queue a job that was just created, if a slot is free. `send_new` finds the slot taken."""
        slot = self._take(ref)
        if slot and not slot.again:
            self.queue.send(ref, slot)

    def _send_or_wait(self, ref: JobRef, *, delay_s: int) -> None:
        if not self._send(ref, delay_s=delay_s):
            self._wait(ref)

    def _wait(self, ref: JobRef) -> None:
        try:
            deadline = self.repository.deadline_of(ref)
        except JobNotFoundError:
            return
        limit = self._limit(ref.tenant)
        group = self.slots.group_of(ref, limit=limit)
        # From here on, a release of a slot is reported. One may just have become free.
        is_free = self.slots.wait(ref, until=deadline, limit=limit)
        if is_free and (self._send(ref) or self._move(ref, group)):
            self.slots.leave(ref, group=group)

    def send_waiting(self, release: Release) -> None:
        """Queue jobs that wait, oldest first, while slots are free.

        A job leaves after it has been queued: if this fails between, it is queued once more. If it
        fails before, the job has a slot and no message. An older one may be first by then, so look
        for it: nobody would release its slot.
        """
        while ref := self.slots.oldest(release, max_age=self.max_age):
            if not self._send(ref) and not self._move(ref, release.group):
                ref = self.slots.stranded(release, max_age=self.max_age)
                if ref is None or not self._send(ref):
                    return  # the next release is reported, too
            self.slots.leave(ref, group=release.group)
        self.slots.close(release)

    def _move(self, ref: JobRef, group: int) -> bool:
        """Let a job wait for its present group, if the limit has changed since it began to wait."""
        if self.slots.group_of(ref, limit=self._limit(ref.tenant)) == group:
            return False
        self._wait(ref)
        return True

    def _send(self, ref: JobRef, *, delay_s: int = 0) -> bool:
        """Queue the job if it gets a slot, after a delay if it has one."""
        slot = self._take(ref)
        if slot is None:
            return False
        self.queue.send(ref, slot, delay_s=delay_s if slot.again else 0)
        return True

    def _take(self, ref: JobRef) -> Slot | None:
        until = created_at(ref.id) + self.max_age
        return self.slots.take(ref, limit=self._limit(ref.tenant), until=until)

    def _limit(self, tenant: str) -> int:
        return self.tenant_limits.limits(tenant).agent_concurrency or self.limit
