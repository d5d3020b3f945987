"""Any OpenAI-compatible endpoint: OpenAI, vLLM, llama.cpp, Ollama.

Settings: `baseUrl` (up to and with `/v1`), `model`, `systemPrompt?`,
`apiKeySecret?` (a secret's name), `parameters?` (temperature, max_tokens and
such, passed on unchanged), `omit?` (fields that the endpoint refuses, such as `user`), `stream?`.
"""

from collections.abc import Mapping
from typing import Any, Final

from jobs.kit.llm.chat import ChatEndpoint, ChatRequest
from jobs.kit.outbound.sse import EventStream
from jobs.kit.secrets import SecretReader
from jobs.messaging.adapters.providers.answer import to_model_answer
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Outcome, Question

STREAMED: Final[Mapping[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}


class OpenAiProvider:
    def __init__(self, stream: EventStream, secrets: SecretReader) -> None:
        self._stream = stream
        self._secrets = secrets

    def ask(self, agent: Agent, question: Question) -> Outcome:
        settings = agent.settings
        secret = settings.get("apiKeySecret")
        key = self._secrets.read(secret) if secret else None
        system = settings.get("systemPrompt")
        messages = [{"role": "system", "content": system}] if system else []
        messages += [
            {"role": "assistant" if message.by_agent else "user", "content": message.content}
            for message in question.history
        ]
        answer = ChatEndpoint(self._stream, settings, key).complete(
            ChatRequest(
                fields={
                    "model": settings["model"],
                    "messages": [*messages, {"role": "user", "content": question.content}],
                },
                optional={"user": question.user_id, **(STREAMED if agent.streams else {})},
                headers={
                    "Idempotency-Key": question.job_id,
                    "Accept": "text/event-stream" if agent.streams else "application/json",
                },
            ),
            deadline=question.deadline,
            emit_text=question.say,
        )
        return to_model_answer(answer, model=answer.model or settings["model"])
