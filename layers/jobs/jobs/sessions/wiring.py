"""The composition root's part for sessions; `jobs.core.wiring` says how it works."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from jobs.core import wiring as bootstrap

if TYPE_CHECKING:
    from jobs.sessions.adapters.jobs import DynamoChatJobs
    from jobs.sessions.adapters.sessions import DynamoConversations
    from jobs.sessions.pass_turn import PassTurn
    from jobs.sessions.send_message import SendMessage
    from jobs.sessions.take_turn import TakeTurn
    from jobs.sessions.use_session import CloseSession, OpenSession, UseSession


# ── What the API does ───────────────────────────────────────────────────────────


def closed() -> bool:
    """Whether a message would be a job that others have to pay for."""
    mode = bootstrap.payments()
    return mode == "required" or (
        mode == "instead-of-key" and os.environ["KEYS_ARE_FREE"] != "true"
    )


@cache
def open_session() -> OpenSession:
    from jobs.sessions.use_session import OpenSession

    return OpenSession(
        conversations=conversations(), choose_agent=bootstrap.choose_agent(), clock=bootstrap.now
    )


@cache
def use_session() -> UseSession:
    from jobs.sessions.use_session import UseSession

    return UseSession(conversations=conversations(), clock=bootstrap.now)


@cache
def close_session() -> CloseSession:
    from jobs.messaging.api import responses as messaging
    from jobs.sessions.use_session import CloseSession

    return CloseSession(
        conversations=conversations(),
        repository=bootstrap.repository(),
        cancel_job=bootstrap.cancel_job(),
        dialect=messaging.NAME,
    )


@cache
def send_message() -> SendMessage:
    from jobs.sessions.send_message import SendMessage

    return SendMessage(
        repository=bootstrap.repository(),
        conversations=conversations(),
        clock=bootstrap.now,
        retention=int(os.environ["RETENTION_HOURS"]) * 3600_000,
    )


# ── What the workers do ─────────────────────────────────────────────────────────


@cache
def take_turn() -> TakeTurn:
    from jobs.sessions.take_turn import TakeTurn

    return TakeTurn(
        repository=bootstrap.repository(), conversations=conversations(), clock=bootstrap.now
    )


@cache
def pass_turn() -> PassTurn:
    from jobs.kit.aws.sqs import SqsJobQueue
    from jobs.sessions.pass_turn import PassTurn

    return PassTurn(
        repository=bootstrap.repository(),
        conversations=conversations(),
        queue=SqsJobQueue(bootstrap.sqs(), os.environ["AGENT_QUEUE_URL"]),
    )


# ── What it stands on ───────────────────────────────────────────────────────────


@cache
def conversations() -> DynamoConversations:
    from jobs.sessions.adapters.sessions import DynamoConversations

    return DynamoConversations(
        bootstrap.dynamodb(), os.environ["SESSION_TABLE"], os.environ["JOB_TABLE"], bootstrap.now
    )


@cache
def repository() -> DynamoChatJobs:
    """The job table, for those who bring agents' answers."""
    from jobs.sessions.adapters.jobs import DynamoChatJobs

    return DynamoChatJobs(
        bootstrap.dynamodb(), os.environ["JOB_TABLE"], os.environ["SESSION_TABLE"], bootstrap.now
    )
