"""Composes the replies to job requests. `jobs.core.wiring` explains wirings."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.kit.aws.clients import clients

if TYPE_CHECKING:
    from jobs.job_requests.adapters.replies import RequestReplies
    from jobs.kit.aws.clients import AwsClients


class JobRequestsWiring:
    def __init__(self) -> None:
        self.aws: AwsClients = clients

    @cached_property
    def replies(self) -> RequestReplies:
        from jobs.job_requests.adapters.replies import RequestReplies

        return RequestReplies(self.aws.events, os.environ["EVENT_BUS"])


wiring = JobRequestsWiring()
