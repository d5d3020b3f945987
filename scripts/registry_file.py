"""What a registry file says: one tenant, its agents, the API keys to make for it."""

import string
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from jobs.domain.agent import Agent


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EchoSettings(_Strict):
    pass


class BedrockSettings(_Strict):
    modelId: str = Field(min_length=1)  # noqa: N815 - as stored
    systemPrompt: str | None = None  # noqa: N815
    inference: dict[str, Any] | None = None


class OpenAiSettings(_Strict):
    baseUrl: HttpUrl  # noqa: N815
    model: str = Field(min_length=1)
    systemPrompt: str | None = None  # noqa: N815
    apiKeySecret: str | None = None  # noqa: N815
    parameters: dict[str, Any] | None = None


class RemoteSettings(_Strict):
    baseUrl: HttpUrl  # noqa: N815
    agentId: UUID | None = None  # noqa: N815
    apiKeySecret: str | None = None  # noqa: N815


class _AgentEntry(_Strict):
    id: UUID
    name: str = Field(min_length=1)
    bio: str = ""
    order: int = 0
    active: bool = True


class EchoAgent(_AgentEntry):
    provider: Literal["echo"]
    settings: EchoSettings = EchoSettings()


class BedrockAgent(_AgentEntry):
    provider: Literal["bedrock"]
    settings: BedrockSettings


class OpenAiAgent(_AgentEntry):
    provider: Literal["openai"]
    settings: OpenAiSettings


class RemoteAgent(_AgentEntry):
    provider: Literal["remote"]
    settings: RemoteSettings


type AgentEntry = Annotated[
    EchoAgent | BedrockAgent | OpenAiAgent | RemoteAgent, Field(discriminator="provider")
]


class RegistryFile(_Strict):
    tenant: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    agents: list[AgentEntry] = []
    keys: list[str] = Field(default=[], description="names; each run makes a new key for each")

    @classmethod
    def read(cls, file: Path, variables: Mapping[str, str]) -> "RegistryFile":
        """Read a file, its `${VARIABLES}` filled in. Raises `ValidationError` or `KeyError`."""
        text = string.Template(file.read_text()).substitute(variables)
        return cls.model_validate(yaml.safe_load(text))


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
