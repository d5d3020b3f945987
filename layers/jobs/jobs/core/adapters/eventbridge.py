"""Changes of status on the stack's event bus."""

import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final

from jobs.core.adapters.job_events import JobEvents
from jobs.core.changes import JobChange
from jobs.core.job import JobRef
from jobs.kit.aws.client import convert_aws_errors, to_failure
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.parallel import map_parallel

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsResponseTypeDef

SOURCE: Final = "jobs"
DETAIL_TYPE: Final = "Job Status Changed"
_ENTRIES_A_CALL: Final = 10
_MAX_THREADS: Final = 4
_log: Final = logging.getLogger(__name__)


def refused_codes(answer: "PutEventsResponseTypeDef") -> Sequence[str]:
    """Return the codes of entries that the bus refuses for good. Raises `UnavailableError`."""
    codes = [each["ErrorCode"] for each in answer["Entries"] if "ErrorCode" in each]
    for code in codes:
        if not isinstance(to_failure(code), RefusedError):
            raise UnavailableError(f"the event bus did not take an event: {code}")
    return codes


class EventBridgePublisher:
    def __init__(self, client: "EventBridgeClient", bus: str, events: JobEvents) -> None:
        self._client = client
        self._bus = bus
        self._events = events

    def publish(self, changes: Sequence[JobChange]) -> None:
        """Publish those of a job in order, those of others at the same time.

        Leaves out events that the bus refuses for good: others wait behind them.
        """
        map_parallel(self._publish_in_order, _group_by_job(changes), threads=_MAX_THREADS)

    def _publish_in_order(self, changes: Sequence[JobChange]) -> None:
        for some in batched(changes, _ENTRIES_A_CALL):
            with convert_aws_errors():
                answer = self._client.put_events(
                    Entries=[
                        {
                            "EventBusName": self._bus,
                            "Source": SOURCE,
                            "DetailType": DETAIL_TYPE,
                            "Detail": json.dumps(self._events.detail(change)),
                        }
                        for change in some
                    ]
                )
            for code in refused_codes(answer):
                _log.error("the event bus refused an event for good: %s", code)


def _group_by_job(changes: Sequence[JobChange]) -> Sequence[Sequence[JobChange]]:
    """Return groups of about one call. All changes of a job are in one group, in order."""
    by_job = defaultdict[JobRef, list[JobChange]](list)
    for change in changes:
        by_job[change.ref].append(change)
    groups: list[list[JobChange]] = []
    for some in by_job.values():
        if not groups or len(groups[-1]) + len(some) > _ENTRIES_A_CALL:
            groups.append([])
        groups[-1] += some
    return groups
