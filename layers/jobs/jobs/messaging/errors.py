"""Errors of agents and their messages."""

from jobs.core.errors import JobError


class AgentNotFoundError(JobError):
    """No active agent has this id."""

    def __init__(self, agent_id: str) -> None:
        super().__init__(f"Agent {agent_id} not found")


class NoAgentsError(JobError):
    """The tenant has no active agent."""


class NotItsTurnError(JobError):
    """An earlier message of the session has not ended."""


class FunctionRefusedError(JobError):
    """An agent's Lambda function is none that the stack may invoke. Operators see the message."""


class PaymentNotSupportedError(JobError):
    """Jobs require a payment, and neither sessions nor chats can be paid for."""
