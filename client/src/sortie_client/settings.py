"""The server's address and the caller's credentials, from the environment or a local stack."""

import json
import os
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from sortie_client._core.retry import RetryPolicy
from sortie_client.errors import NotConfiguredError

STACK_FILE: Final = Path(".local/stack.json")
_VARIABLES: Final = {
    "SORTIE_BASE_URL": ("baseUrl",),
    "SORTIE_WEBSOCKET_URL": ("webSocketUrl",),
    "SORTIE_API_KEY": ("messaging", "apiKey"),
    "SORTIE_MISSIONS_API_KEY": ("missions", "apiKey"),
    "SORTIE_CLIENT_ID": ("missions", "clientId"),
    "SORTIE_CLIENT_SECRET": ("missions", "clientSecret"),
    "SORTIE_DEVICE_GROUP": ("missions", "deviceGroupId"),
    "SORTIE_DOCS_API_KEY": ("docsAgents", "apiKey"),
    "SORTIE_PROJECT": ("docsAgents", "projectId"),
    "SORTIE_STACK": ("stackName",),
    "AWS_ENDPOINT_URL": ("awsEndpointUrl",),
}


@dataclass(frozen=True, kw_only=True)
class MissionsCredentials:
    """The credentials that `make partner` shows once."""

    api_key: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class DocsCredentials:
    """An API key `mint_…`, and the default project of calls."""

    api_key: str = field(repr=False)
    project: str | None = None


@dataclass(frozen=True)
class Settings:
    """`timeout`: seconds that the server may be silent. Each API needs its own credentials only.

    `token_file`: keeps the missions API's access token for later programs. AWS bills each new one.
    """

    base_url: str
    _: KW_ONLY
    api_key: str | None = field(default=None, repr=False)
    missions: MissionsCredentials | None = None
    docs: DocsCredentials | None = None
    websocket_url: str | None = None
    timeout: float = 30.0
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    token_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise NotConfiguredError(
                f"{self.base_url!r} is not a URL. Start it with https:// or http://"
            )

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ, folder: Path | None = None) -> Self:
        """Read `SORTIE_…` variables, or the file that `make up` writes in this folder or one above.

        With `SORTIE_BASE_URL` set, ignore the file: its keys belong to another server. Raises
        `NotConfiguredError`.
        """
        found = find_variables(environment, folder)
        if "SORTIE_BASE_URL" not in found:
            raise NotConfiguredError(
                "The server's address is missing. Run `make up` in this folder, or set"
                " SORTIE_BASE_URL and SORTIE_API_KEY"
            )
        return cls(
            found["SORTIE_BASE_URL"],
            api_key=found.get("SORTIE_API_KEY"),
            websocket_url=found.get("SORTIE_WEBSOCKET_URL"),
            missions=_missions(found),
            docs=_docs(found),
        )


def find_variables(
    environment: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Mapping[str, str]:
    """Return the variables that are set, and the stack file's values for the others."""
    given = {name: environment[name] for name in _VARIABLES if environment.get(name)}
    if "SORTIE_BASE_URL" in given:
        return given
    return _read_stack(_find_stack(environment, folder or Path.cwd())) | given


def _find_stack(environment: Mapping[str, str], folder: Path) -> Path | None:
    if named := environment.get("SORTIE_STACK_FILE"):
        return Path(named)
    candidates = (each / STACK_FILE for each in (folder, *folder.parents))
    return next((each for each in candidates if each.is_file()), None)


def _read_stack(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        stack = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise NotConfiguredError(f"{file} cannot be read. Is `make up` running?") from error
    values = {name: _get(stack, keys) for name, keys in _VARIABLES.items()}
    return {name: str(value) for name, value in values.items() if value is not None}


def _get(value: Any, keys: tuple[str, ...]) -> Any:
    for name in keys:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _missions(found: Mapping[str, str]) -> MissionsCredentials | None:
    names = ("SORTIE_MISSIONS_API_KEY", "SORTIE_CLIENT_ID", "SORTIE_CLIENT_SECRET")
    if not all(name in found for name in names):
        return None
    api_key, client_id, client_secret = (found[name] for name in names)
    return MissionsCredentials(api_key=api_key, client_id=client_id, client_secret=client_secret)


def _docs(found: Mapping[str, str]) -> DocsCredentials | None:
    key = found.get("SORTIE_DOCS_API_KEY")
    return DocsCredentials(api_key=key, project=found.get("SORTIE_PROJECT")) if key else None
