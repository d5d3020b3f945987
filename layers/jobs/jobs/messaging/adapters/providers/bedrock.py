"""Amazon Bedrock, Converse API.

Settings: `modelId`, `systemPrompt?`, `inference?` (maxTokens, temperature,
topP, stopSequences). The SDK retries; while Bedrock throttles for longer, the queue does.
"""

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from jobs.kit.aws.client import failure_of
from jobs.kit.errors import RefusedError, UnavailableError, UpstreamError
from jobs.messaging.adapters.providers.answer import to_answer
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage, group_by_author
from jobs.messaging.ports import Outcome, Question

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

_AWAY: Final = "The agent's model is not available"


class BedrockProvider:
    def __init__(self, client: "BedrockRuntimeClient") -> None:
        self._client = client

    def ask(self, agent: Agent, question: Question) -> Outcome:
        settings = agent.settings
        optional: dict[str, Any] = {}
        if prompt := settings.get("systemPrompt"):
            optional["system"] = [{"text": prompt}]
        if inference := settings.get("inference"):
            optional["inferenceConfig"] = inference
        try:
            answer = self._client.converse(
                modelId=settings["modelId"],
                messages=_conversation(question),
                requestMetadata={"jobId": question.job_id},
                **optional,
            )
        except ClientError as error:
            raise _to_error(error) from error
        except BotoCoreError as error:  # the answer may have been paid for, so ask only once
            raise UpstreamError(_AWAY) from error
        blocks = answer["output"].get("message", {}).get("content", [])
        return to_answer("".join(block.get("text", "") for block in blocks))


def _to_error(error: ClientError) -> Exception:
    match failure_of(error):
        case UnavailableError() as passing:
            return passing
        case RefusedError():
            return UpstreamError("The agent's model refused the request")
        case _:
            return UpstreamError(_AWAY)


def _conversation(question: Question) -> list[Any]:
    """Return the messages for Converse, which requires alternating roles."""
    last = PastMessage(by_agent=False, content=question.content)
    return [
        {"role": "assistant" if by_agent else "user", "content": [{"text": text} for text in texts]}
        for by_agent, texts in group_by_author([*question.history, last])
    ]
