"""All wirings of this process, to reset them between tests and measurements."""

from functools import cached_property
from typing import Any, Final

from jobs import kinds
from jobs.admin.wiring import wiring as admin
from jobs.agent_workers.wiring import wiring as agent_workers
from jobs.auth.wiring import wiring as auth
from jobs.core.wiring import CoreWiring
from jobs.docs.wiring import wiring as docs
from jobs.job_requests.wiring import wiring as job_requests
from jobs.kit.aws.clients import clients
from jobs.messaging.wiring import wiring as messaging
from jobs.missions.wiring import wiring as missions
from jobs.payments.wiring import wiring as payments
from jobs.sessions.wiring import wiring as sessions
from jobs.tracking.wiring import wiring as tracking
from jobs.webhooks.wiring import wiring as webhooks

CORES: Final[tuple[CoreWiring, ...]] = (
    kinds.core, docs.core, messaging.core, missions.core, webhooks.core,
)  # fmt: skip
WIRINGS: Final[tuple[Any, ...]] = (
    *CORES, admin, agent_workers, auth, docs, job_requests, messaging, missions, payments,
    sessions, tracking, webhooks,
)  # fmt: skip


def forget() -> None:
    """Drop all parts of the wirings, AWS clients included; the next use creates them anew."""
    for each in (clients, *WIRINGS):
        for name in list(vars(each)):
            if isinstance(getattr(type(each), name, None), cached_property):
                del vars(each)[name]
