"""The server's address and the caller's credentials: environment, profile, or a local stack."""

import json
import os
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from sortie_client._core.retry import RetryPolicy
from sortie_client.errors import NotConfiguredError
from sortie_client.profiles import Profiles

STACK_FILE: Final = Path(".local/stack.json")
MISSIONS_VARIABLES: Final = ("SORTIE_MISSIONS_API_KEY", "SORTIE_CLIENT_ID", "SORTIE_CLIENT_SECRET")
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
    "SORTIE_ADMIN_KEY": ("admin", "apiKey"),
    "SORTIE_WORKER_KEY": ("workers", "apiKey"),
    "SORTIE_TENANT": ("tenant",),
    "SORTIE_STACK": ("stackName",),
    "AWS_ENDPOINT_URL": ("awsEndpointUrl",),
}


@dataclass(frozen=True, kw_only=True)
class MissionsCredentials:
    """The credentials that `sortie admin partners create` shows once."""

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
    admin_key: str | None = field(default=None, repr=False)
    worker_key: str | None = field(default=None, repr=False)
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
        """Find the server and the keys in the first of these that has an address.

        The profile that `SORTIE_PROFILE` names; the `SORTIE_…` variables; the file that `make up`
        writes in this folder or one above; the profile that `sortie login` has added last. Raises
        `NotConfiguredError`.
        """
        found = find_variables(environment, folder)
        if "SORTIE_BASE_URL" not in found:
            raise NotConfiguredError(
                "The server's address is missing. Run `make up` in this folder, use `sortie login`,"
                " or set SORTIE_BASE_URL and SORTIE_API_KEY"
            )
        return cls(
            found["SORTIE_BASE_URL"],
            api_key=found.get("SORTIE_API_KEY"),
            websocket_url=found.get("SORTIE_WEBSOCKET_URL"),
            missions=_missions(found),
            docs=_docs(found),
            admin_key=found.get("SORTIE_ADMIN_KEY"),
            worker_key=found.get("SORTIE_WORKER_KEY"),
        )


def find_variables(
    environment: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Mapping[str, str]:
    """Return the variables that are set, and a profile's or the stack file's for the others."""
    return _find(environment, folder or Path.cwd())[1]


def find_source(environment: Mapping[str, str] = os.environ, folder: Path | None = None) -> str:
    """Return where the server's address comes from."""
    return _find(environment, folder or Path.cwd())[0]


def _find(environment: Mapping[str, str], folder: Path) -> tuple[str, Mapping[str, str]]:
    """Return the source of the address, and all variables.

    Keys from the environment belong to its own address, if it has one.
    """
    given = {name: environment[name] for name in _VARIABLES if environment.get(name)}
    if named := environment.get("SORTIE_PROFILE"):
        own = {} if "SORTIE_BASE_URL" in given else given
        return f"the profile {named}", {**Profiles.read(environment).find(named), **own}
    if "SORTIE_BASE_URL" in given:
        return "SORTIE_BASE_URL", given
    if file := _find_stack(environment, folder):
        return str(file), _read_stack(file) | given
    profiles = Profiles.read(environment)
    if profiles.default:
        own = {**profiles.find(profiles.default), **given}
        return f"the profile {profiles.default}", own
    return "the environment", given


def _find_stack(environment: Mapping[str, str], folder: Path) -> Path | None:
    if named := environment.get("SORTIE_STACK_FILE"):
        return Path(named)
    candidates = (each / STACK_FILE for each in (folder, *folder.parents))
    return next((each for each in candidates if each.is_file()), None)


def _read_stack(file: Path) -> dict[str, str]:
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
    if not all(name in found for name in MISSIONS_VARIABLES):
        return None
    api_key, client_id, client_secret = (found[name] for name in MISSIONS_VARIABLES)
    return MissionsCredentials(api_key=api_key, client_id=client_id, client_secret=client_secret)


def _docs(found: Mapping[str, str]) -> DocsCredentials | None:
    key = found.get("SORTIE_DOCS_API_KEY")
    return DocsCredentials(api_key=key, project=found.get("SORTIE_PROJECT")) if key else None
