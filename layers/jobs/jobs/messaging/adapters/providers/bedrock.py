"""Amazon Bedrock, ConverseStream API.

Settings: `modelId`, `systemPrompt?`, `inference?` (maxTokens, temperature, topP, stopSequences),
`stream?`. The SDK retries; while Bedrock throttles for longer, the queue does, unless the model has
said something.
"""

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from jobs.kit.aws.client import code_of
from jobs.kit.clock import Clock
from jobs.kit.errors import UnavailableError
from jobs.kit.llm.bedrock import bedrock_failure, is_passing
from jobs.kit.llm.completion import Completion
from jobs.kit.llm.converse import CONVERSE_ERRORS, read_converse
from jobs.messaging.adapters.providers.answer import to_model_answer
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage, group_by_author
from jobs.messaging.ports import Outcome, Question

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient


class BedrockProvider:
    def __init__(self, client: "BedrockRuntimeClient", clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def ask(self, agent: Agent, question: Question) -> Outcome:
        said = False

        def say(text: str) -> None:
            nonlocal said
            said = True
            question.say(text)

        try:
            answer = self._converse(agent, replace(question, say=say))
        except ClientError as error:
            if not said and is_passing(error):
                raise UnavailableError(code_of(error)) from error
            raise bedrock_failure(error) from error
        except CONVERSE_ERRORS as error:  # the answer may have been paid for, so ask only once
            raise bedrock_failure(error) from error
        return to_model_answer(answer, model=agent.settings["modelId"])

    def _converse(self, agent: Agent, question: Question) -> Completion:
        settings = agent.settings
        optional: dict[str, Any] = {}
        if prompt := settings.get("systemPrompt"):
            optional["system"] = [{"text": prompt}]
        if inference := settings.get("inference"):
            optional["inferenceConfig"] = inference
        answer = self._client.converse_stream(
            modelId=settings["modelId"],
            messages=_conversation(question),
            requestMetadata={"jobId": question.job_id},
            **optional,
        )
        with closing(answer["stream"]) as events:
            return read_converse(
                events, emit_text=question.say, deadline=question.deadline, clock=self._clock
            )


def _conversation(question: Question) -> list[Any]:
    """Return the messages for Converse, which requires alternating roles."""
    last = PastMessage(by_agent=False, content=question.content)
    return [
        {"role": "assistant" if by_agent else "user", "content": [{"text": text} for text in texts]}
        for by_agent, texts in group_by_author([*question.history, last])
    ]
