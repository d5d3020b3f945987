"""Chats whose clients keep the conversation and send it with each message."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from jobs.core.create_job import CreateJob, NewJob
from jobs.core.errors import JobNotFoundError
from jobs.core.get_job import GetJob
from jobs.core.job import Job
from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.fingerprint import fingerprint
from jobs.messaging.choose_agent import ChooseAgent
from jobs.messaging.history import PastMessage
from jobs.messaging.message import KIND
from jobs.messaging.ports import Chats

MAX_CHAT_ID: Final = 255
"""In characters."""
MAX_HISTORY_MESSAGES: Final = 20
MAX_HISTORY_CHARACTERS: Final = 100_000
MAX_HISTORY_BYTES: Final = 200 * 1024
"""A job's request is one item of up to 400 KB, with the message itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A validated message of a chat. `history`: what was said before, oldest first."""

    chat: str
    agent_id: str | None
    user_id: str
    content: str
    history: Sequence[PastMessage]
    timeout: Millis
    idempotency_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    choose_agent: ChooseAgent
    create_job: CreateJob
    get_job: GetJob
    chats: Chats

    def send(self, tenant: str, message: ChatMessage, *, key_id: str | None) -> Job:
        """Return the message's job; a repeated key returns the first one.

        Raises the errors of `ChooseAgent`, and `IdempotencyConflictError`.
        """
        agent = self.choose_agent(tenant, message.agent_id)
        history = [[past.by_agent, past.content] for past in select_newest(message.history)]
        request = {
            "agentId": agent.id,
            "userId": message.user_id,
            "content": message.content,
            "metadata": {},
        }
        job = self.create_job(
            NewJob(
                tenant=tenant,
                kind=KIND,
                request=request | {"history": history},
                timeout=message.timeout,
                idempotency_key=message.idempotency_key,
                request_hash=fingerprint(request | {"agentId": message.agent_id}),
                key_id=key_id,
            )
        )
        with suppress(UnavailableError):  # the job runs; only its stream cannot be resumed
            self.chats.put(message.chat, job)
        return job

    def find_running(self, tenant: str, chat: str) -> Job | None:
        """Return the chat's latest job if it has not ended."""
        latest = self.chats.latest(tenant, chat) if len(chat) <= MAX_CHAT_ID else None
        if latest is None:
            return None
        try:
            job = self.get_job(latest)
        except JobNotFoundError:
            return None
        return None if job.status.is_terminal else job


def select_newest(history: Sequence[PastMessage]) -> Sequence[PastMessage]:
    """Return the newest messages that fit the limits, oldest first."""
    selected: list[PastMessage] = []
    characters = size = 0
    for past in reversed(history[-MAX_HISTORY_MESSAGES:]):
        characters += len(past.content)
        size += len(past.content.encode())
        if characters > MAX_HISTORY_CHARACTERS or size > MAX_HISTORY_BYTES:
            break
        selected.insert(0, past)
    return selected
