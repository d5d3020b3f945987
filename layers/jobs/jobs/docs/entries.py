"""Projects of documentation agents, as registry files and the admin API write them."""

import re
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, HttpUrl

from jobs.core.entry import LOOPBACK, Entry
from jobs.docs.branch import is_valid_branch
from jobs.docs.docs_job import Project

_FORBIDDEN_PATH_PARTS: Final = {"", ".", "..", ".git"}
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")


def _check_repository(url: str) -> str:
    parts = urlsplit(url)
    if not (_PRINTABLE.fullmatch(url) and parts.hostname and parts.path.strip("/")):
        raise ValueError("a repository's URL must have a host and a path")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("a repository's URL must start with https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a repository's URL must have no credentials; name a secret in `secret`")
    return url


def _check_branch(name: str) -> str:
    if not is_valid_branch(name):
        raise ValueError("git does not allow this name for a branch")
    return name


def _check_folder(path: str) -> str:
    if path and not _FORBIDDEN_PATH_PARTS.isdisjoint(path.lower().split("/")):
        raise ValueError("a folder must be a relative path such as docs or docs/guides")
    return path


class Models(Entry):
    """The provider's names of the models that callers choose from."""

    sonnet: str = Field(min_length=1)
    opus: str = Field(min_length=1)


class OpenAiProjectSettings(Entry):
    baseUrl: HttpUrl  # noqa: N815 - as stored
    apiKeySecret: str | None = None  # noqa: N815
    parameters: dict[str, Any] | None = None
    omit: list[str] | None = Field(
        default=None, description="fields of requests that the endpoint does not take"
    )


class BedrockProjectSettings(Entry):
    inference: dict[str, Any] | None = None


class _ProjectEntry(Entry):
    id: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    repository: Annotated[str, AfterValidator(_check_repository)]
    defaultBranch: Annotated[str, AfterValidator(_check_branch)] | None = Field(  # noqa: N815
        default=None, description="default: the branch that the repository's HEAD names"
    )
    folder: Annotated[str, AfterValidator(_check_folder)] = ""
    subdomain: str = ""
    secret: str | None = Field(default=None, description="a secret's name: {username, password}")
    pullRequests: str | None = Field(  # noqa: N815
        default=None, pattern=r"^[\w.-]+/[\w.-]+$", description="owner/name on GitHub"
    )
    allowDefaultBranch: bool = Field(  # noqa: N815
        default=False, description="agents may push to the default branch, without a pull request"
    )
    allowHiddenFiles: bool = Field(  # noqa: N815
        default=False, description="agents may change .github and other paths with a leading dot"
    )
    githubApi: HttpUrl | None = Field(  # noqa: N815
        default=None, description="the API of GitHub Enterprise"
    )


class ScriptedProject(_ProjectEntry):
    provider: Literal["scripted"]


class OpenAiProject(_ProjectEntry):
    provider: Literal["openai"]
    models: Models
    settings: OpenAiProjectSettings


class BedrockProject(_ProjectEntry):
    provider: Literal["bedrock"]
    models: Models
    settings: BedrockProjectSettings = BedrockProjectSettings()


type ProjectEntry = Annotated[
    ScriptedProject | OpenAiProject | BedrockProject, Field(discriminator="provider")
]


def to_project(tenant: str, entry: ProjectEntry) -> Project:
    fields = entry.model_dump(mode="json", exclude_none=True)
    return Project(
        id=entry.id,
        tenant=tenant,
        repository=entry.repository,
        default_branch=entry.defaultBranch,
        folder=entry.folder,
        subdomain=entry.subdomain,
        provider=entry.provider,
        models=fields.get("models", {}),
        settings={
            **fields.get("settings", {}),
            **({"githubApi": fields["githubApi"]} if entry.githubApi else {}),
        },
        credentials_secret=entry.secret,
        pull_requests=entry.pullRequests,
        allows_default_branch=entry.allowDefaultBranch,
        allows_hidden_files=entry.allowHiddenFiles,
    )
