"""Composes the API of workers; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.sessions.wiring import SessionsWiring
from jobs.sessions.wiring import wiring as sessions_wiring

if TYPE_CHECKING:
    from jobs.agent_workers.adapters.dynamodb import DynamoClaimableJobs
    from jobs.agent_workers.answer_job import AnswerJob
    from jobs.agent_workers.claim_jobs import ClaimJobs


class AgentWorkersWiring:
    def __init__(self, sessions: SessionsWiring) -> None:
        self.core = sessions.core
        self.sessions = sessions

    @cached_property
    def claim_jobs(self) -> ClaimJobs:
        from jobs.agent_workers.claim_jobs import ClaimJobs

        return ClaimJobs(
            repository=self.core.jobs,
            claimable=self.claimable,
            turns=self.sessions.take_turn,
            slots=self.core.slots,
            log=self.core.output_log,
            clock=self.core.clock,
            sleep=self.core.sleep,
        )

    @cached_property
    def answer_job(self) -> AnswerJob:
        from jobs.agent_workers.answer_job import AnswerJob
        from jobs.messaging.adapters.providers.answer import to_answer

        return AnswerJob(
            repository=self.sessions.repository,
            log=self.core.output_log,
            to_answer=to_answer,
            clock=self.core.clock,
        )

    @cached_property
    def claimable(self) -> DynamoClaimableJobs:
        from jobs.agent_workers.adapters.dynamodb import DynamoClaimableJobs

        return DynamoClaimableJobs(
            self.core.aws.dynamodb,
            os.environ["JOB_TABLE"],
            self.core.clock,
            shards=self.core.shards,
        )


wiring = AgentWorkersWiring(sessions_wiring)
