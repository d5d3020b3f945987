"""Composes the answers to requests for jobs; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.kit.aws.clients import clients

if TYPE_CHECKING:
    from jobs.job_requests.adapters.replies import RequestEvents
    from jobs.kit.aws.clients import AwsClients


class JobRequestsWiring:
    def __init__(self) -> None:
        self.aws: AwsClients = clients

    @cached_property
    def replies(self) -> RequestEvents:
        from jobs.job_requests.adapters.replies import RequestEvents

        return RequestEvents(self.aws.events, os.environ["EVENT_BUS"])


wiring = JobRequestsWiring()
