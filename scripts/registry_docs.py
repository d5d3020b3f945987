"""What a registry file says of documentation agents: projects, and the keys to make for them."""

import re
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl

from jobs.docs.branch import valid_branch
from jobs.docs.docs_job import Project
from jobs.messaging.agent import Scope

_NO_PART_OF_A_PATH: Final = {"", ".", "..", ".git"}
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
_WORD: Final = re.compile(r"[\x21-\x7e]+")


def _repository(url: str) -> str:
    where = urlsplit(url)
    if not (_WORD.fullmatch(url) and where.hostname and where.path.strip("/")):
        raise ValueError("a repository's URL names its host and where it is there")
    if where.scheme != "https" and not (where.scheme == "http" and where.hostname in _LOOPBACK):
        raise ValueError("a repository's URL begins with https://")
    if "@" in where.netloc or where.query or where.fragment:
        raise ValueError("credentials go into a secret, which `secret` names")
    return url


def _branch(name: str) -> str:
    if not valid_branch(name):
        raise ValueError("no name of a branch as git allows it")
    return name


def _folder(path: str) -> str:
    if path and not _NO_PART_OF_A_PATH.isdisjoint(path.lower().split("/")):
        raise ValueError("a folder is given as docs, or docs/guides")
    return path


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Models(_Strict):
    """What the provider calls the models that callers may choose from."""

    sonnet: str = Field(min_length=1)
    opus: str = Field(min_length=1)


class OpenAiSettings(_Strict):
    baseUrl: HttpUrl  # noqa: N815 - as stored
    apiKeySecret: str | None = None  # noqa: N815
    parameters: dict[str, Any] | None = None


class BedrockSettings(_Strict):
    inference: dict[str, Any] | None = None


class _ProjectEntry(_Strict):
    id: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    repository: Annotated[str, AfterValidator(_repository)]
    defaultBranch: Annotated[str, AfterValidator(_branch)] = "main"  # noqa: N815
    folder: Annotated[str, AfterValidator(_folder)] = ""
    subdomain: str = ""
    secret: str | None = Field(default=None, description="the name of one: {username, password}")
    pullRequests: str | None = Field(  # noqa: N815
        default=None, pattern=r"^[\w.-]+/[\w.-]+$", description="owner/name on GitHub"
    )
    githubApi: HttpUrl | None = Field(  # noqa: N815
        default=None, description="GitHub Enterprise's, if it is not github.com's"
    )


class ScriptedProject(_ProjectEntry):
    provider: Literal["scripted"]


class OpenAiProject(_ProjectEntry):
    provider: Literal["openai"]
    models: Models
    settings: OpenAiSettings


class BedrockProject(_ProjectEntry):
    provider: Literal["bedrock"]
    models: Models
    settings: BedrockSettings = BedrockSettings()


type ProjectEntry = Annotated[
    ScriptedProject | OpenAiProject | BedrockProject, Field(discriminator="provider")
]


class DocsKeyEntry(_Strict):
    """Each run makes a new key."""

    name: str
    scopes: list[Scope] = Field(min_length=1)
    expiresInDays: int | None = Field(default=None, ge=1)  # noqa: N815


def to_project(tenant: str, entry: ProjectEntry) -> Project:
    chosen = entry.model_dump(mode="json", exclude_none=True)
    return Project(
        id=entry.id,
        tenant=tenant,
        repository=entry.repository,
        default_branch=entry.defaultBranch,
        folder=entry.folder,
        subdomain=entry.subdomain,
        provider=entry.provider,
        models=chosen.get("models", {}),
        settings={
            **chosen.get("settings", {}),
            **({"githubApi": chosen["githubApi"]} if entry.githubApi else {}),
        },
        credentials_secret=entry.secret,
        pull_requests=entry.pullRequests,
    )
