"""Lambda functions as agents: which of them a stack may invoke."""

from typing import Final

from jobs.messaging.agent import Agent
from jobs.messaging.errors import FunctionRefusedError

PROVIDER: Final = "lambda"


def check_function(agent: Agent, *, stack: str | None) -> None:
    """Raises `FunctionRefusedError` for an agent whose function the stack may not invoke.

    The policy of RunAgentJob allows the same names. `stack` is None on a server without AWS.
    """
    if agent.provider != PROVIDER:
        return
    if stack is None:
        raise FunctionRefusedError(
            "provider: lambda needs a stack on AWS, and this server runs without AWS. Use the"
            " provider worker for code of your own"
        )
    prefix = f"{stack}-agent-"
    name = str(agent.settings.get("function", ""))
    if not name.startswith(prefix) or name == prefix:
        raise FunctionRefusedError(
            f"settings.function: the name must begin with {prefix}, because this stack may invoke"
            " no other functions"
        )
