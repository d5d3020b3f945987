"""Composes messaging; `jobs.core.wiring` says how wirings work."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.core.wiring import CoreWiring

if TYPE_CHECKING:
    from jobs.core.adapters.queue import SqsJobQueue
    from jobs.core.dispatch_job import DispatchJob
    from jobs.core.kind import Storage
    from jobs.core.ports import Delivery
    from jobs.kit.outbound.rest import RestClient
    from jobs.messaging.adapters.agents import DynamoAgents
    from jobs.messaging.adapters.providers.remote import RemoteProvider
    from jobs.messaging.adapters.timers import StepFunctionsPollTimers
    from jobs.messaging.api.read_message import ReadMessage
    from jobs.messaging.choose_agent import ChooseAgent
    from jobs.messaging.ports import Provider


class MessagingWiring:
    def __init__(self, core: CoreWiring) -> None:
        self.core = core

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
    def dispatch_job(self) -> DispatchJob:
        return self.core.dispatch_job(self.queue)

    # ── Adapters ────────────────────────────────────────────────────────────────

    @cached_property
    def agents(self) -> DynamoAgents:
        from jobs.messaging.adapters.agents import DynamoAgents

        return DynamoAgents(self.core.aws.dynamodb, os.environ["REGISTRY_TABLE"], self.core.clock)

    @cached_property
    def queue(self) -> SqsJobQueue:
        return self.core.queue(os.environ["AGENT_QUEUE_URL"])

    def delivery(self, receipt_handle: str) -> Delivery:
        return self.core.delivery(os.environ["AGENT_QUEUE_URL"], receipt_handle)

    @cached_property
    def poll_timers(self) -> StepFunctionsPollTimers:
        from jobs.messaging.adapters.timers import StepFunctionsPollTimers

        return StepFunctionsPollTimers(
            self.core.aws.step_functions, poll_arn=os.environ["JOB_POLL_ARN"]
        )

    def provider(self, name: str) -> Provider:
        """Return an agent's provider. Raises `UpstreamError` for an unknown name."""
        match name:
            case "echo":
                from jobs.messaging.adapters.providers.echo import EchoProvider

                return EchoProvider()
            case "bedrock":
                from jobs.messaging.adapters.providers.bedrock import BedrockProvider

                return BedrockProvider(self.core.aws.bedrock)
            case "openai":
                from jobs.messaging.adapters.providers.openai import OpenAiProvider

                return OpenAiProvider(self._rest, self.core.secrets)
            case "remote":
                return self.remote
            case _:
                from jobs.kit.errors import UpstreamError

                raise UpstreamError("The agent's provider is not known")

    @cached_property
    def remote(self) -> RemoteProvider:
        from jobs.messaging.adapters.providers.remote import RemoteProvider

        return RemoteProvider(self._rest, self.core.secrets, self.core.clock)

    @cached_property
    def _rest(self) -> RestClient:
        from jobs.kit.outbound.rest import RestClient

        return RestClient(self.core.clock)


def _storage(kind: str) -> Storage:
    from jobs.messaging.adapters.storage import MessageStorage

    return MessageStorage()


wiring = MessagingWiring(CoreWiring(_storage))
