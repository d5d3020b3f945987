"""Polls of delegated jobs, as messages of a queue that delays them."""

import json

from jobs.core.adapters.messages import ref_fields
from jobs.kit.sqlite.queue import Queue
from jobs.messaging.poll import Poll


class SqlitePolls:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def schedule(self, poll: Poll) -> None:
        body = json.dumps({"job": ref_fields(poll.ref), "pauseS": poll.pause_s})
        self._queue.send(body, delay=poll.pause_s * 1000, tenant=poll.ref.tenant)
