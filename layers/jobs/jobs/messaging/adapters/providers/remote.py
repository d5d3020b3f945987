"""Another server that speaks the messaging jobs API: an ElizaOS server, or Sortie itself.

A state machine polls the remote job, so no Lambda function waits for it. Sortie trusts the remote
server: callers see its error texts. The remote API has no history: it receives each message of a
session alone. Settings: `baseUrl`, `agentId?`, `apiKeySecret?` (a secret's name).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from jobs.core.ids import is_uuid
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.outbound.rest import RestClient
from jobs.kit.secrets import SecretReader
from jobs.messaging.adapters.providers.answer import to_answer
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Answer, Delegated, Outcome, Question

_PATH: Final = "/api/messaging/jobs"
_REFUSED: Final = "The remote agent refused the message"
_CLASSES: Final[Mapping[int, FailureClass]] = {
    HTTPStatus.UNAUTHORIZED: FailureClass.CREDENTIALS,
    HTTPStatus.PAYMENT_REQUIRED: FailureClass.QUOTA,
    HTTPStatus.FORBIDDEN: FailureClass.CREDENTIALS,
    HTTPStatus.NOT_FOUND: FailureClass.NOT_FOUND,
}
_POLL_TIMEOUT_MS: Final[Millis] = 10_000


class RemoteProvider:
    def __init__(self, rest: RestClient, secrets: SecretReader, clock: Clock) -> None:
        self._rest = rest
        self._secrets = secrets
        self._clock = clock

    def ask(self, agent: Agent, question: Question) -> Outcome:
        agent_id = {"agentId": agent.settings["agentId"]} if "agentId" in agent.settings else {}
        reply = self._rest.call(
            "POST",
            _url(agent),
            headers=self._headers(agent) | {"Idempotency-Key": question.job_id},
            deadline=question.deadline,
            body=agent_id
            | {
                "userId": question.user_id,
                "content": question.content,
                "metadata": dict(question.metadata),
                "timeoutMs": question.timeout,
            },
        )
        handle = reply.body.get("jobId") if isinstance(reply.body, dict) else None
        created = reply.status in {HTTPStatus.OK, HTTPStatus.CREATED}
        if not created:
            failure_class = _CLASSES.get(reply.status, FailureClass.REFUSED)
            raise UpstreamError(_REFUSED, failure_class, detail=reply.detail)
        if not isinstance(handle, str) or not is_uuid(handle):
            raise UpstreamError(_REFUSED, FailureClass.BAD_ANSWER, detail="it sent no jobId")
        return Delegated(handle)

    def poll(self, agent: Agent, question: Question, handle: str | None) -> Answer | None:
        """Return the answer, or None while there is none. Raises `UpstreamError`."""
        deadline = min(question.deadline, self._clock() + _POLL_TIMEOUT_MS)
        url = f"{_url(agent)}/{handle}"
        try:
            reply = self._rest.call(
                "GET",
                url,
                headers=self._headers(agent),
                deadline=deadline,
            )
        except UpstreamError:
            return None  # the next poll tries again
        if reply.status != HTTPStatus.OK or not isinstance(reply.body, dict):
            raise UpstreamError(
                "The remote agent no longer knows the message",
                _CLASSES.get(reply.status, FailureClass.NOT_FOUND),
                detail=reply.detail,
            )
        return _to_answer(reply.body)

    def _headers(self, agent: Agent) -> dict[str, str]:
        secret = agent.settings.get("apiKeySecret")
        return {"X-API-Key": self._secrets.read(secret)} if secret else {}


def _url(agent: Agent) -> str:
    base = agent.settings.get("baseUrl")
    if not isinstance(base, str):
        raise UpstreamError(
            "The agent is no longer a remote one", FailureClass.NOT_FOUND
        )  # changed since
    return f"{base.rstrip('/')}{_PATH}"


def _to_answer(job: Mapping[str, Any]) -> Answer | None:
    match job:
        case {"status": "completed", "result": {"message": {"content": content, **message}}}:
            return to_answer(content, message.get("metadata"))
        case {"status": "pending" | "processing"}:
            return None
        case {"status": "failed", "error": str(error)} if error.strip():
            raise UpstreamError(error.strip().splitlines()[0], _class_of(job))
        case {"status": "timeout"}:
            raise UpstreamError("The remote agent gave no answer", FailureClass.TIMEOUT)
        case _:
            raise UpstreamError("The remote agent gave no answer", FailureClass.BAD_ANSWER)


def _class_of(job: Mapping[str, Any]) -> FailureClass:
    """Return the class that the remote server tells, if it is one of ours."""
    told = job.get("errorClass")
    if isinstance(told, str) and told in set(FailureClass):
        return FailureClass(told)
    return FailureClass.REFUSED
