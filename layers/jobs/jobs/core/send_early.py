"""Send a new job to its queue from the request that has created it.

The table's stream sends each job for certain, but some hundred milliseconds later.
"""

import logging
from dataclasses import dataclass
from typing import Final

from jobs.core.job import JobRef
from jobs.core.limited_queue import LimitedQueue
from jobs.kit.errors import UnavailableError

_log: Final = logging.getLogger(__name__)
_LATER: Final = "job %s of %s not sent early, the stream will send it: %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEarly:
    """Best effort: calls that wait long or are repeated would delay the response."""

    queue: LimitedQueue

    def __call__(self, ref: JobRef) -> None:
        """Send a job that has just been stored. Raises nothing, as the job exists all the same."""
        try:
            self.queue.send_early(ref)
        except UnavailableError as error:
            _log.warning(_LATER, ref.id, ref.tenant, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the stream sends the job
            _log.exception(_LATER, ref.id, ref.tenant, error)
