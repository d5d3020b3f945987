"""Amazon Bedrock, Converse API.

Settings: `modelId`, `systemPrompt?`, `inference?` (maxTokens, temperature,
topP, stopSequences). The SDK retries; while Bedrock throttles for longer, the queue does.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from jobs.core.tokens import Tokens
from jobs.kit import lenient_json
from jobs.kit.aws.client import failure_of
from jobs.kit.errors import UnavailableError
from jobs.kit.llm.bedrock import bedrock_failure, guardrail_message
from jobs.kit.llm.completion import to_reason
from jobs.kit.llm.thoughts import without_thoughts
from jobs.messaging.adapters.providers.answer import to_model_answer
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
        except ClientError as error:
            passing = failure_of(error)
            raise (
                passing if isinstance(passing, UnavailableError) else bedrock_failure(error)
            ) from error
        except BotoCoreError as error:  # the answer may have been paid for, so ask only once
            raise bedrock_failure(error) from error
        blocks = answer["output"].get("message", {}).get("content", [])
        text = lenient_json.clean("".join(map(_text_of, blocks)))
        usage = answer.get("usage", {})
        return to_model_answer(
            without_thoughts(text),
            to_reason(answer["stopReason"]),
            model=settings["modelId"],
            tokens=Tokens.parse(usage.get("inputTokens"), usage.get("outputTokens")),
            refusal=guardrail_message(answer["stopReason"], text),
        )


def _text_of(block: Mapping[str, Any]) -> str:
    """Return the text for users: also the text that has citations, but no reasoning."""
    cited = block.get("citationsContent", {}).get("content", ())
    return "".join([block.get("text", ""), *(each.get("text", "") for each in cited)])


def _conversation(question: Question) -> list[Any]:
    """Return the messages for Converse, which requires alternating roles."""
    last = PastMessage(by_agent=False, content=question.content)
    return [
        {"role": "assistant" if by_agent else "user", "content": [{"text": text} for text in texts]}
        for by_agent, texts in group_by_author([*question.history, last])
    ]
