"""The developer's own registry file, which the stack takes at its start and on each change."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from yaml import YAMLError

from jobs.admin.errors import IdTakenError
from jobs.messaging.errors import FunctionRefusedError
from jobs.missions.adapters.group_claims import claim_groups
from jobs.missions.errors import GroupTakenError
from local.stack.memory import Backend, Keeper
from local.stack.seed import load_with_known_keys
from scripts.registry_file import NO_BEDROCK, RegistryFile
from scripts.registry_load import check_agents, open_registry


@dataclass(frozen=True)
class Applied:
    """The outcome for the terminal; `description` for stack.json, unless it has failed."""

    text: str
    description: Mapping[str, object] | None = None


class OwnRegistry:
    def __init__(
        self,
        file: Path,
        backend: Backend,
        keeper: Keeper,
        variables: Mapping[str, str],
        *,
        has_bedrock: bool,
    ) -> None:
        self._file = file
        self._backend = backend
        self._keeper = keeper
        self._variables = variables
        self._has_bedrock = has_bedrock
        self._applied: str | None = None

    def apply_if_changed(self) -> Applied | None:
        """Write the file's entries to the stack, if it is there and not the one written last."""
        try:
            content = self._file.read_text()
        except OSError:
            return None
        if content == self._applied:
            return None
        self._applied = content
        try:
            return self._apply(RegistryFile.read(self._file, os.environ | self._variables))
        except KeyError as error:
            return Applied(f"{self._file} uses ${{{error.args[0]}}}, which is not set")
        except (ValueError, YAMLError) as error:  # pydantic's errors are ValueErrors, too
            return Applied(f"{self._file} is invalid:\n{error}")
        except (
            FunctionRefusedError, GroupTakenError, IdTakenError, ClientError, BotoCoreError,
        ) as error:  # fmt: skip
            return Applied(f"{self._file}: {error}")

    def _apply(self, file: RegistryFile) -> Applied:
        if not self._has_bedrock and (names := ", ".join(file.names_on_bedrock())):
            return Applied(f"{self._file} is not applied. {NO_BEDROCK.format(names=names)}")
        check_agents(file, stack=self._backend.stack)
        claim_groups(self._backend.iot, self._backend.stack, [it.id for it in file.deviceGroups])
        registry = open_registry(self._backend.dynamodb, self._backend.outputs)
        known = self._keeper.memory.keys
        keys = load_with_known_keys(file, registry, self._keeper.memory, self._backend.stack)
        own = known.get(file.tenant, {}) | keys
        self._keeper.remember(keys={**known, file.tenant: own})
        counts = {
            "agents": len(file.agents),
            "devices": sum(len(group.devices) for group in file.deviceGroups),
            "missions": len(file.missions),
            "projects": len(file.projects),
            "webhooks": len(file.webhooks),
            "keys": len(keys),
        }
        listed = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        return Applied(
            f"{self._file} is applied: {file.tenant} with {listed or 'nothing'}",
            {"tenant": file.tenant, "keys": keys},
        )
