"""Any OpenAI-compatible endpoint: OpenAI, vLLM, llama.cpp, Ollama.

Settings: `baseUrl` (up to and with `/v1`), `model`, `systemPrompt?`,
`apiKeySecret?` (a secret's name), `parameters?` (temperature, max_tokens and
such, passed on unchanged).
"""

from jobs.kit.errors import UpstreamError
from jobs.kit.outbound.rest import RestClient
from jobs.kit.secrets import SecretReader
from jobs.messaging.adapters.providers.answer import to_answer
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Outcome, Question


class OpenAiProvider:
    def __init__(self, rest: RestClient, secrets: SecretReader) -> None:
        self._rest = rest
        self._secrets = secrets

    def ask(self, agent: Agent, question: Question) -> Outcome:
        settings = agent.settings
        headers = {"Idempotency-Key": question.job_id}
        if secret := settings.get("apiKeySecret"):
            headers["Authorization"] = f"Bearer {self._secrets.read(secret)}"
        system = settings.get("systemPrompt")
        messages = [{"role": "system", "content": system}] if system else []
        messages += [
            {"role": "assistant" if message.by_agent else "user", "content": message.content}
            for message in question.history
        ]
        reply = self._rest.call(
            "POST",
            f"{settings['baseUrl'].rstrip('/')}/chat/completions",
            headers=headers,
            deadline=question.deadline,
            body={
                **settings.get("parameters", {}),
                "model": settings["model"],
                "messages": [*messages, {"role": "user", "content": question.content}],
                "user": question.user_id,
            },
        )
        if reply.status != 200:  # noqa: PLR2004 - OK
            raise UpstreamError("The agent's model refused the request")
        try:
            content = reply.body["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError) as error:
            raise UpstreamError("The agent's answer is malformed") from error
        return to_answer(content)
