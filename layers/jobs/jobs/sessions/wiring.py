"""Composes sessions; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.messaging.wiring import MessagingWiring
from jobs.messaging.wiring import wiring as messaging_wiring

if TYPE_CHECKING:
    from jobs.messaging.poll_remote_job import PollRemoteJob
    from jobs.messaging.run_agent_job import RunAgentJob
    from jobs.sessions.adapters.jobs import DynamoChatJobs
    from jobs.sessions.adapters.sessions import DynamoSessions
    from jobs.sessions.find_turn import FindTurn
    from jobs.sessions.pass_turn import PassTurn
    from jobs.sessions.send_message import SendMessage
    from jobs.sessions.take_turn import TakeTurn
    from jobs.sessions.use_session import CloseSession, OpenSession, UseSession


class SessionsWiring:
    def __init__(self, messaging: MessagingWiring) -> None:
        self.core = messaging.core
        self.messaging = messaging

    # ── Use cases of the API ────────────────────────────────────────────────────────

    @cached_property
    def open_session(self) -> OpenSession:
        from jobs.sessions.use_session import OpenSession

        return OpenSession(
            sessions=self.sessions,
            choose_agent=self.messaging.choose_agent,
            limit_rate=self.core.limit_rate,
            clock=self.core.clock,
        )

    @cached_property
    def use_session(self) -> UseSession:
        from jobs.sessions.use_session import UseSession

        return UseSession(sessions=self.sessions, clock=self.core.clock)

    @cached_property
    def close_session(self) -> CloseSession:
        from jobs.sessions.use_session import CloseSession

        return CloseSession(
            sessions=self.sessions,
            repository=self.core.jobs,
            cancel_job=self.core.cancel_job,
        )

    @cached_property
    def send_message(self) -> SendMessage:
        from jobs.sessions.send_message import SendMessage

        return SendMessage(
            repository=self.core.jobs,
            sessions=self.sessions,
            find_turn=self._find_turn,
            send_early=self.messaging.send_early,
            clock=self.core.clock,
            retention=self.core.retention,
            shards=self.core.shards,
        )

    # ── Use cases of the workers ────────────────────────────────────────────────────

    @cached_property
    def take_turn(self) -> TakeTurn:
        from jobs.sessions.take_turn import TakeTurn

        return TakeTurn(find_turn=self._find_turn, sessions=self.sessions, clock=self.core.clock)

    @cached_property
    def pass_turn(self) -> PassTurn:
        from jobs.sessions.pass_turn import PassTurn

        return PassTurn(
            find_turn=self._find_turn,
            sessions=self.sessions,
            queue=self.messaging.queue,
        )

    @cached_property
    def _find_turn(self) -> FindTurn:
        from jobs.sessions.find_turn import FindTurn

        return FindTurn(repository=self.core.jobs, sessions=self.sessions)

    @cached_property
    def run_agent_job(self) -> RunAgentJob:
        from jobs.messaging.run_agent_job import RunAgentJob

        return RunAgentJob(
            repository=self.repository,
            agents=self.messaging.agents,
            providers=self.messaging.provider,
            polls=self.messaging.polls,
            turns=self.take_turn,
            log=self.core.output_log,
            clock=self.core.clock,
        )

    @cached_property
    def poll_remote_job(self) -> PollRemoteJob:
        from jobs.messaging.poll_remote_job import PollRemoteJob

        return PollRemoteJob(
            repository=self.repository,
            agents=self.messaging.agents,
            remote=self.messaging.remote,
            clock=self.core.clock,
        )

    # ── Adapters ────────────────────────────────────────────────────────────────────

    @cached_property
    def sessions(self) -> DynamoSessions:
        from jobs.sessions.adapters.sessions import DynamoSessions

        return DynamoSessions(
            self.core.aws.dynamodb,
            os.environ["SESSION_TABLE"],
            os.environ["JOB_TABLE"],
            self.core.clock,
        )

    @cached_property
    def repository(self) -> DynamoChatJobs:
        """The workers' job table: it also stores each answer as a message of its session."""
        from jobs.sessions.adapters.jobs import DynamoChatJobs

        return DynamoChatJobs(
            self.core.aws.dynamodb,
            os.environ["JOB_TABLE"],
            os.environ["SESSION_TABLE"],
            self.core.clock,
            self.core.storages,
        )


wiring = SessionsWiring(messaging_wiring)
