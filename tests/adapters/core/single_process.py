"""All of a job's life in one process over one file. As a program: create jobs until killed.

    python -m tests.adapters.core.single_process FILE FIRST_NUMBER

It prints the number of each job after its creation is acknowledged.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Final

from jobs import kinds
from jobs.core.adapters import messages
from jobs.core.adapters.sqlite import stream
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.adapters.sqlite.queue import SqliteJobQueue
from jobs.core.errors import JobEndedError
from jobs.core.ids import new_job_id
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.kit.clock import now
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import Outbox
from jobs.kit.sqlite.queue import Queue

TENANT: Final = "acme"
KIND: Final = "messaging"
_HOUR: Final = 3_600_000
_CONSUMER: Final = "follow"


class SingleProcess:
    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.jobs = SqliteJobRepository(self.database, now, kinds.storage)
        self.counters = SqliteJobCounters(self.database, now)
        self.queue = Queue(self.database, "jobs", now)
        self.outbox = Outbox(self.database)
        self.outbox.subscribe({_CONSUMER: stream.TOPIC})
        self.jobs.recover()
        self.queue.recover()
        self._stopping = Event()
        self._threads = [
            Thread(target=self._repeat, args=(self._follow, f"outbox:{stream.TOPIC}")),
            *(Thread(target=self._repeat, args=(self._work, self.queue.signal)) for _ in range(4)),
        ]
        for thread in self._threads:
            thread.start()

    def create(self, number: int) -> JobRef:
        at = now()
        job = Job(
            id=new_job_id(at),
            tenant=TENANT,
            kind=KIND,
            request={"number": number},
            created_at=at,
            changed_at=at,
            deadline=at + _HOUR,
            retention=_HOUR,
        )
        key = IdempotencyKey(value=str(number), request_hash="same", expires_at=at + _HOUR)
        return self.jobs.add(job, key)

    def close(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self.database.close()

    def _repeat(self, step: Callable[[], bool], signal: str) -> None:
        while not self._stopping.is_set():
            seen = self.database.signals.number(signal)
            if not step():
                self.database.signals.wait(signal, seen, timeout=0.2)

    def _follow(self) -> bool:
        """Count changes and queue new jobs, once each."""
        records = self.outbox.read(_CONSUMER, limit=50)
        if not records:
            return False
        found = [stream.parse_change(record, kinds.storage) for record in records]
        changes = [change for change in found if change]

        def follow() -> None:
            self.counters.count(changes)
            for change in changes:
                if change.previous is None:
                    SqliteJobQueue(self.queue).send(change.ref)
            self.outbox.advance(_CONSUMER, records[-1])

        self.database.write(lambda db: follow(), durable=False)
        return True

    def _work(self) -> bool:
        """Claim a job and end it."""
        received = self.queue.receive()
        for message in received:
            job = self.jobs.get(messages.from_text(message.body))
            try:
                claimed = job.claim(now=now(), lease=25_000)
            except JobEndedError:
                pass  # the process ended between its end and the deletion of the message
            else:
                self.jobs.save(claimed, replacing=job)
                self.jobs.save(claimed.succeed(job.request, now=now()), replacing=claimed)
            self.queue.delete(message.receipt)
        return bool(received)


def main(path: str, first: str) -> None:
    process = SingleProcess(Path(path))
    number = int(first)
    while True:
        process.create(number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
