"""Agents, as registry files and the admin API write them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, HttpUrl

from jobs.core.entry import Entry
from jobs.kit.body_rules import Whole
from jobs.messaging.agent import DEFAULT_MAX_ATTEMPTS, Agent
from jobs.messaging.message import MAX_WORKER_TIMEOUT


class _SpeakerSettings(Entry):
    """`stream: false`: readers get an answer whole, not while the agent says it."""

    stream: bool | None = None


class EchoSettings(_SpeakerSettings):
    pass


class BedrockAgentSettings(_SpeakerSettings):
    modelId: str = Field(min_length=1)  # noqa: N815 - as stored
    systemPrompt: str | None = None  # noqa: N815
    inference: dict[str, Any] | None = None


class OpenAiAgentSettings(_SpeakerSettings):
    baseUrl: HttpUrl  # noqa: N815
    model: str = Field(min_length=1)
    systemPrompt: str | None = None  # noqa: N815
    apiKeySecret: str | None = None  # noqa: N815
    parameters: dict[str, Any] | None = None
    omit: list[str] | None = Field(
        default=None, description="fields of requests that the endpoint does not take"
    )


class RemoteSettings(Entry):
    baseUrl: HttpUrl  # noqa: N815
    agentId: UUID | None = None  # noqa: N815
    apiKeySecret: str | None = None  # noqa: N815


class FunctionSettings(Entry):
    function: str = Field(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="name of a Lambda function, which begins with `<stack>-agent-`",
    )
    qualifier: str | None = Field(
        default=None,
        pattern=r"^(\$LATEST|[A-Za-z0-9_-]{1,128})$",
        description="version or alias of the function",
    )


class WorkerSettings(Entry):
    timeoutSeconds: Annotated[int, Whole] | None = Field(  # noqa: N815
        default=None,
        ge=1,
        le=MAX_WORKER_TIMEOUT // 1000,
        description="the default and the longest timeout of the agent's jobs",
    )
    maxAttempts: Annotated[int, Whole] = Field(  # noqa: N815
        default=DEFAULT_MAX_ATTEMPTS,
        ge=1,
        le=10,
        description="claims of a job, after which it fails",
    )


class _AgentEntry(Entry):
    id: UUID
    name: str = Field(min_length=1)
    bio: str = ""
    order: Annotated[int, Whole] = 0
    active: bool = True


class EchoAgent(_AgentEntry):
    provider: Literal["echo"]
    settings: EchoSettings = EchoSettings()


class BedrockAgent(_AgentEntry):
    provider: Literal["bedrock"]
    settings: BedrockAgentSettings


class OpenAiAgent(_AgentEntry):
    provider: Literal["openai"]
    settings: OpenAiAgentSettings


class RemoteAgent(_AgentEntry):
    provider: Literal["remote"]
    settings: RemoteSettings


class FunctionAgent(_AgentEntry):
    provider: Literal["lambda"]
    settings: FunctionSettings


class WorkerAgent(_AgentEntry):
    """Programs of the tenant's own answer: they claim its jobs over HTTPS."""

    provider: Literal["worker"]
    settings: WorkerSettings = WorkerSettings()


type AgentEntry = Annotated[
    EchoAgent | BedrockAgent | OpenAiAgent | RemoteAgent | FunctionAgent | WorkerAgent,
    Field(discriminator="provider"),
]


def to_agent(entry: AgentEntry) -> Agent:
    return Agent(
        id=str(entry.id),
        name=entry.name,
        bio=entry.bio,
        order=entry.order,
        active=entry.active,
        provider=entry.provider,
        settings=entry.settings.model_dump(mode="json", exclude_none=True),
    )
