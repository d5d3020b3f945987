"""Composes messaging; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from jobs.core.wiring import CoreWiring

if TYPE_CHECKING:
    from jobs.core.create_job import CreateJob
    from jobs.core.dispatch_job import DispatchJob
    from jobs.core.kind import Storage
    from jobs.core.limited_queue import LimitedQueue
    from jobs.core.ports import Delivery
    from jobs.core.send_early import SendEarly
    from jobs.kit.outbound.rest import RestClient
    from jobs.kit.outbound.sse import EventStream
    from jobs.messaging.adapters.agents import DynamoAgents
    from jobs.messaging.adapters.chats import DynamoChats
    from jobs.messaging.adapters.polls import SqsPolls
    from jobs.messaging.adapters.providers.remote import RemoteProvider
    from jobs.messaging.agent import Agent
    from jobs.messaging.api.read_message import ReadMessage
    from jobs.messaging.chat import Chat
    from jobs.messaging.choose_agent import ChooseAgent
    from jobs.messaging.follow_answer import FollowAnswer
    from jobs.messaging.limit_messages import LimitMessages
    from jobs.messaging.ports import Provider


class MessagingWiring:
    def __init__(self, core: CoreWiring) -> None:
        self.core = core

    @property
    def closed(self) -> bool:
        """Whether jobs require a payment, which messages of sessions and chats cannot make."""
        mode = os.environ["PAYMENTS"]
        return mode == "required" or (
            mode == "instead-of-key" and os.environ["KEYS_ARE_FREE"] != "true"
        )

    # ── Use cases ───────────────────────────────────────────────────────────────

    @cached_property
    def choose_agent(self) -> ChooseAgent:
        from jobs.messaging.choose_agent import ChooseAgent

        return ChooseAgent(agents=self.agents)

    @cached_property
    def read_message(self) -> ReadMessage:
        from jobs.messaging.api.read_message import ReadMessage

        return ReadMessage(
            choose_agent=self.choose_agent,
            default_timeout=int(os.environ["DEFAULT_TIMEOUT_MS"]),
            loopback=self.core.webhooks_to_loopback,
        )

    @cached_property
    def limit_messages(self) -> LimitMessages:
        from jobs.messaging.limit_messages import LimitMessages

        return LimitMessages(
            limit_rate=self.core.limit_rate,
            tenant_limits=self.core.tenant_limits,
            repository=self.core.jobs,
            max_requests=int(os.environ["MESSAGES_PER_MINUTE"]),
        )

    @cached_property
    def follow_answer(self) -> FollowAnswer:
        from jobs.messaging.follow_answer import FollowAnswer

        return FollowAnswer(
            log=self.core.output_log,
            repository=self.core.jobs,
            get_job=self.core.get_job,
            clock=self.core.clock,
        )

    @cached_property
    def create_and_send(self) -> CreateJob:
        return replace(self.core.create_job, send_early=self.send_early)

    @cached_property
    def send_early(self) -> SendEarly:
        from jobs.messaging.message import MAX_AGE

        return self.core.send_early(os.environ["AGENT_QUEUE_URL"], max_age=MAX_AGE)

    @cached_property
    def dispatch_job(self) -> DispatchJob:
        return self.core.dispatch_job(self.queue.send_new)

    def check_agent(self, agent: Agent) -> None:
        """Raises `FunctionRefusedError` for an agent that this stack cannot run."""
        from jobs.messaging.functions import check_function

        check_function(agent, stack=self.stack)

    @cached_property
    def chat(self) -> Chat:
        from jobs.messaging.chat import Chat

        return Chat(
            choose_agent=self.choose_agent,
            create_job=self.create_and_send,
            get_job=self.core.get_job,
            chats=self.chats,
        )

    # ── Adapters ────────────────────────────────────────────────────────────────

    @cached_property
    def stack(self) -> str | None:
        """The stack's name, or None on a server without AWS."""
        return os.environ["STACK_NAME"]

    @cached_property
    def chats(self) -> DynamoChats:
        from jobs.messaging.adapters.chats import DynamoChats

        return DynamoChats(self.core.aws.dynamodb, os.environ["JOB_TABLE"])

    @cached_property
    def agents(self) -> DynamoAgents:
        from jobs.messaging.adapters.agents import DynamoAgents

        return DynamoAgents(self.core.aws.dynamodb, os.environ["REGISTRY_TABLE"], self.core.clock)

    @cached_property
    def queue(self) -> LimitedQueue:
        from jobs.messaging.message import MAX_AGE

        return self.core.limited_queue(os.environ["AGENT_QUEUE_URL"], max_age=MAX_AGE)

    def delivery(self, receipt_handle: str, count: int) -> Delivery:
        return self.core.delivery(os.environ["AGENT_QUEUE_URL"], receipt_handle, count)

    @cached_property
    def polls(self) -> SqsPolls:
        from jobs.messaging.adapters.polls import SqsPolls

        return SqsPolls(self.core.aws.sqs, os.environ["POLL_QUEUE_URL"])

    def provider(self, name: str) -> Provider:
        """Return an agent's provider. Raises `UpstreamError` for an unknown name."""
        match name:
            case "echo":
                from jobs.messaging.adapters.providers.echo import EchoProvider

                return EchoProvider()
            case "bedrock":
                from jobs.messaging.adapters.providers.bedrock import BedrockProvider

                return BedrockProvider(self.core.aws.bedrock, self.core.clock)
            case "openai":
                from jobs.messaging.adapters.providers.openai import OpenAiProvider

                return OpenAiProvider(self._event_stream, self.core.secrets)
            case "remote":
                return self.remote
            case "lambda":
                from jobs.messaging.adapters.providers.function import FunctionProvider

                return FunctionProvider(
                    partial(self.core.aws.make, "lambda"),
                    self.core.clock,
                    self.core.sleep,
                    stack=self.stack,
                )
            case _:
                from jobs.kit.errors import FailureClass, UpstreamError

                raise UpstreamError("The agent's provider is not known", FailureClass.NOT_FOUND)

    @cached_property
    def remote(self) -> RemoteProvider:
        from jobs.messaging.adapters.providers.remote import RemoteProvider

        return RemoteProvider(self._rest, self.core.secrets, self.core.clock)

    @cached_property
    def _event_stream(self) -> EventStream:
        from jobs.kit.outbound.sse import EventStream

        # A model that does not stream may be silent until it has the whole answer.
        return EventStream(self.core.clock, idle=300)

    @cached_property
    def _rest(self) -> RestClient:
        from jobs.kit.outbound.rest import RestClient

        return RestClient(self.core.clock)


def _storage(kind: str) -> Storage:
    from jobs.messaging.adapters.storage import MessageStorage

    return MessageStorage()


wiring = MessagingWiring(CoreWiring(_storage))
