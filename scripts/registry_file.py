"""A registry file: one tenant with its agents, drones and projects, and keys to create."""

import string
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import yaml
from pydantic import Field, HttpUrl, field_validator, model_validator

from jobs.auth.api_key import PAYERS
from jobs.core.ids import TENANT
from jobs.messaging.agent import Agent
from jobs.missions.device import (
    MAX_WAYPOINTS_LENGTH,
    Device,
    DeviceGroup,
    Plan,
    fit_into_order,
)
from scripts.registry_docs import DocsKeyEntry, ProjectEntry
from scripts.registry_entry import Entry
from scripts.registry_webhooks import WebhookEntry


class EchoSettings(Entry):
    pass


class BedrockSettings(Entry):
    modelId: str = Field(min_length=1)  # noqa: N815 - as stored
    systemPrompt: str | None = None  # noqa: N815
    inference: dict[str, Any] | None = None


class OpenAiSettings(Entry):
    baseUrl: HttpUrl  # noqa: N815
    model: str = Field(min_length=1)
    systemPrompt: str | None = None  # noqa: N815
    apiKeySecret: str | None = None  # noqa: N815
    parameters: dict[str, Any] | None = None


class RemoteSettings(Entry):
    baseUrl: HttpUrl  # noqa: N815
    agentId: UUID | None = None  # noqa: N815
    apiKeySecret: str | None = None  # noqa: N815


class _AgentEntry(Entry):
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


class DeviceEntry(Entry):
    id: str = Field(
        pattern=r"^[a-zA-Z0-9:_-]{1,64}$", description="the end of the AWS IoT thing's name"
    )
    name: str = Field(min_length=1)


class DeviceGroupEntry(Entry):
    id: str = Field(pattern=r"^[a-zA-Z0-9:_.-]{1,128}$", description="the first part of a topic")
    name: str = Field(min_length=1)
    description: str = ""
    devices: list[DeviceEntry] = Field(default=[])


class MissionEntry(Entry):
    id: str = Field(pattern=r"^[a-zA-Z0-9:_.-]{1,128}$")
    name: str = Field(min_length=1)
    waypoints: list[
        tuple[
            Annotated[float, Field(ge=-180, le=180, description="longitude, °")],
            Annotated[float, Field(ge=-90, le=90, description="latitude, °")],
            Annotated[float, Field(ge=0, le=500, description="altitude, m")],
        ]
    ] = Field(min_length=1)

    @field_validator("waypoints")
    @classmethod
    def _check_they_fit_into_an_order(
        cls, waypoints: list[tuple[float, float, float]]
    ) -> list[tuple[float, float, float]]:
        if not fit_into_order(waypoints):
            raise ValueError(
                f"{len(waypoints)} waypoints are too many for an order to a device: as JSON, they "
                f"may have {MAX_WAYPOINTS_LENGTH} characters. Use fewer waypoints or digits"
            )
        return waypoints


class RegistryFile(Entry):
    tenant: str = Field(pattern=f"^{TENANT}$")
    agents: list[AgentEntry] = Field(default=[])
    keys: list[str] = Field(default=[], description="names; each run creates a key for each")
    deviceGroups: list[DeviceGroupEntry] = Field(default=[])  # noqa: N815 - as in the file
    missions: list[MissionEntry] = Field(default=[])
    projects: list[ProjectEntry] = Field(default=[])
    docsKeys: list[DocsKeyEntry] = Field(default=[])  # noqa: N815
    webhooks: list[WebhookEntry] = Field(default=[])

    @classmethod
    def read(cls, file: Path, variables: Mapping[str, str]) -> "RegistryFile":
        """Read a file, and replace its `${VARIABLES}`.

        Raises:
            KeyError: A variable is not set.
            ValidationError: The content is invalid.

        """
        text = string.Template(file.read_text()).substitute(variables)
        return cls.model_validate(yaml.safe_load(text))

    @model_validator(mode="after")
    def _check_payers_have_no_keys(self) -> Self:
        if self.tenant == PAYERS and (self.keys or self.docsKeys):
            raise ValueError(f"the tenant {PAYERS} is for requests without a key: remove its keys")
        return self

    @model_validator(mode="after")
    def _check_ids_are_unique(self) -> Self:
        devices = [device for group in self.deviceGroups for device in group.devices]
        ids = [
            *([str(each.id) for each in entries]
              for entries in (self.agents, self.deviceGroups, devices, self.missions,
                              self.projects, self.webhooks)),
            [*self.keys, *(key.name for key in self.docsKeys)],
        ]  # fmt: skip
        repeated = [each for group in ids for each, n in Counter(group).items() if n > 1]
        if repeated:
            raise ValueError(f"used more than once: {', '.join(repeated)}")
        return self


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


def to_group(tenant: str, entry: DeviceGroupEntry) -> DeviceGroup:
    return DeviceGroup(
        id=entry.id,
        tenant=tenant,
        name=entry.name,
        description=entry.description,
        devices=tuple(
            Device(id=device.id, tenant=tenant, group=entry.id, name=device.name)
            for device in entry.devices
        ),
    )


def to_plan(entry: MissionEntry) -> Plan:
    return Plan(id=entry.id, name=entry.name, waypoints=tuple(entry.waypoints))
