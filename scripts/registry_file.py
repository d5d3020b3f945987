"""A registry file: one tenant with its agents, drones and projects, and keys by name."""

import string
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from uuid import UUID

import yaml
from pydantic import Field, field_validator, model_validator

from jobs.admin.api.requests import MAX_AGENTS_OF_KEY
from jobs.auth.api_key import PAYERS, Scope
from jobs.core.entry import Entry
from jobs.core.ids import TENANT
from jobs.docs.entries import ProjectEntry
from jobs.messaging.entries import AgentEntry
from jobs.missions.entries import DeviceGroupEntry, MissionEntry
from jobs.webhooks.entries import WebhookEntry

NO_BEDROCK = (
    "Provider bedrock ({names}) needs `make up MODEL=bedrock:ID`: the emulator has no models"
)


class DocsKeyEntry(Entry):
    """A key of documentation agents, by its name."""

    name: str
    scopes: list[Literal[Scope.READ, Scope.WRITE]] = Field(min_length=1)
    expiresInDays: int | None = Field(default=None, ge=1)  # noqa: N815


class WorkerKeyEntry(Entry):
    """A key of workers, by its name."""

    name: str
    agents: list[UUID] | Literal["*"]
    expiresInDays: int | None = Field(default=None, ge=1)  # noqa: N815

    @field_validator("agents")
    @classmethod
    def _check_number(cls, agents: list[UUID] | str) -> list[UUID] | str:
        if not 1 <= len(agents) <= MAX_AGENTS_OF_KEY:
            raise ValueError(f"1 to {MAX_AGENTS_OF_KEY} ids of agents, or *")
        return agents


class RegistryFile(Entry):
    tenant: str = Field(pattern=f"^{TENANT}$")
    agents: list[AgentEntry] = Field(default=[])
    keys: list[str] = Field(default=[], description="names of keys for messages")
    deviceGroups: list[DeviceGroupEntry] = Field(default=[])  # noqa: N815 - as in the file
    missions: list[MissionEntry] = Field(default=[])
    projects: list[ProjectEntry] = Field(default=[])
    docsKeys: list[DocsKeyEntry] = Field(default=[])  # noqa: N815
    workerKeys: list[WorkerKeyEntry] = Field(default=[])  # noqa: N815
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

    def key_names(self) -> list[str]:
        docs, workers = self.docsKeys, self.workerKeys
        return [*self.keys, *(key.name for key in docs), *(key.name for key in workers)]

    def names_on_bedrock(self) -> list[str]:
        """Return the names of the agents, and the ids of the projects, of this provider."""
        agents = [each.name for each in self.agents if each.provider == "bedrock"]
        return agents + [each.id for each in self.projects if each.provider == "bedrock"]

    @model_validator(mode="after")
    def _check_payers_have_no_keys(self) -> Self:
        if self.tenant == PAYERS and (self.keys or self.docsKeys or self.workerKeys):
            raise ValueError(f"the tenant {PAYERS} is for requests without a key: remove its keys")
        return self

    @model_validator(mode="after")
    def _check_ids_are_unique(self) -> Self:
        devices = [device for group in self.deviceGroups for device in group.devices]
        ids = [
            *([str(each.id) for each in entries]
              for entries in (self.agents, self.deviceGroups, devices, self.missions,
                              self.projects, self.webhooks)),
            self.key_names(),
        ]  # fmt: skip
        repeated = [each for group in ids for each, n in Counter(group).items() if n > 1]
        if repeated:
            raise ValueError(f"used more than once: {', '.join(repeated)}")
        return self
