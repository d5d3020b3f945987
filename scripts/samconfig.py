"""The stack of each stage, in samconfig.toml: its name, region and parameters."""

import copy
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import tomlkit


class SamConfigError(Exception):
    """samconfig.toml does not say what a command needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A stage's stack. `parameters` has the values that the file states, not the defaults."""

    stage: str
    stack: str
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class SamConfig:
    """samconfig.toml. Saving settings keeps its comments and all other entries."""

    def __init__(self, file: Path, document: Any) -> None:
        self._file = file
        self._document = document

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises `SamConfigError`."""
        try:
            return cls(file, tomlkit.parse(file.read_text()))
        except (OSError, ValueError) as error:
            raise SamConfigError(f"cannot read {file}: {error}") from error

    def settings(self, stage: str) -> Settings:
        """Raises `SamConfigError` if the file does not have the stage."""
        try:
            section = self._document[stage]
            common, deploy = section["global"]["parameters"], section["deploy"]["parameters"]
            return Settings(
                stage=stage,
                stack=common["stack_name"],
                region=common["region"],
                parameters=parse_overrides(deploy.get("parameter_overrides", {})),
            )
        except KeyError as error:
            raise SamConfigError(
                f"{self._file.name} has no complete section for the stage {stage!r} (missing:"
                f" {error}). Use STAGE=dev or STAGE=prod, or add it: make deploy GUIDED=1"
                f" STAGE={stage}"
            ) from error

    def find(self, stack: str) -> Settings | None:
        """Return the settings of the stage with this stack, if any."""
        stages = [
            name
            for name, section in self._document.items()
            if isinstance(section, Mapping) and {"deploy", "global"} <= section.keys()
        ]
        found = [each for each in map(self.settings, stages) if each.stack == stack]
        return found[0] if found else None

    def add_stage(self, stage: str, *, like: str = "dev") -> Settings:
        """Return the settings of a stage; a new one starts as a copy of another."""
        if stage not in self._document:
            model = self.settings(like)
            self._document[stage] = copy.deepcopy(self._document[like])
            self._document[stage]["deploy"]["parameters"]["tags"] = (
                f"application=sortie stage={stage}"
            )
            parameters = dict(model.parameters) | {"Stage": stage}
            self._put(
                Settings(
                    stage=stage, stack=f"sortie-{stage}", region=model.region, parameters=parameters
                )
            )
        return self.settings(stage)

    def save(self, settings: Settings) -> None:
        """Write a stage's settings to the file."""
        self._put(settings)
        self._file.write_text(tomlkit.dumps(self._document))

    def _put(self, settings: Settings) -> None:
        section = self._document[settings.stage]
        section["global"]["parameters"]["stack_name"] = settings.stack
        section["global"]["parameters"]["region"] = settings.region
        section["deploy"]["parameters"]["parameter_overrides"] = dict(settings.parameters)


def parse_overrides(value: Any) -> dict[str, str]:
    """Parse `parameter_overrides`: a table, or as older files have it, `Name=value Name=value`."""
    if isinstance(value, Mapping):
        return {str(name): str(each) for name, each in value.items()}
    words = shlex.split(value) if isinstance(value, str) else list(value)
    return dict(word.split("=", 1) for word in words)
