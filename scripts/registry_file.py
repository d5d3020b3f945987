"""A registry file: one tenant with its agents, drones and projects, and keys by name."""

import string
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, model_validator

from jobs.auth.api_key import PAYERS, Scope
from jobs.core.entry import Entry
from jobs.core.ids import TENANT
from jobs.docs.entries import ProjectEntry
from jobs.messaging.entries import AgentEntry
from jobs.missions.entries import DeviceGroupEntry, MissionEntry
from jobs.webhooks.entries import WebhookEntry


class DocsKeyEntry(Entry):
    """A key of documentation agents, by its name."""

    name: str
    scopes: list[Literal[Scope.READ, Scope.WRITE]] = Field(min_length=1)
    expiresInDays: int | None = Field(default=None, ge=1)  # noqa: N815


class RegistryFile(Entry):
    tenant: str = Field(pattern=f"^{TENANT}$")
    agents: list[AgentEntry] = Field(default=[])
    keys: list[str] = Field(default=[], description="names of keys for messages")
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
