"""Amazon Bedrock, Converse API.

Settings: `modelId`, `systemPrompt?`, `inference?` (maxTokens, temperature,
topP, stopSequences). The SDK retries.
"""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from jobs.kit.errors import UpstreamError
from jobs.messaging.adapters.providers.answer import to_answer
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage, group_by_author
from jobs.messaging.ports import Outcome, Question

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient


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
        except (BotoCoreError, ClientError) as error:
            raise UpstreamError("The agent's model is not available") from error
        blocks = answer["output"].get("message", {}).get("content", [])
        return to_answer("".join(block.get("text", "") for block in blocks))


def _conversation(question: Question) -> list[Any]:
    """Return the messages for Converse, which requires alternating roles."""
    last = PastMessage(by_agent=False, content=question.content)
    return [
        {"role": "assistant" if by_agent else "user", "content": [{"text": text} for text in texts]}
        for by_agent, texts in group_by_author([*question.history, last])
    ]
