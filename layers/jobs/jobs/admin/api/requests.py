"""The admin API: request bodies."""

from collections.abc import Collection
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from jobs.admin.api.query import to_id
from jobs.admin.manage_keys import NewKey
from jobs.admin.manage_partners import NewPartner
from jobs.auth.api_key import ADMIN_API, ALL_AGENTS, OPERATORS, WORKERS_API, Scope
from jobs.core.ids import TENANT
from jobs.core.resource import Resource
from jobs.kit.body_rules import Whole
from jobs.kit.clock import Millis
from jobs.kit.http import BadRequestError, Request, TooLargeError
from jobs.missions.partner import Role

DAY_MS: Final[Millis] = 24 * 3600_000
_DEFAULT_OVERLAP_S: Final = 24 * 3600
_MAX_OVERLAP_S: Final = 30 * 24 * 3600
_MAX_ENTRY_BYTES: Final = 100_000
_MAX_ERRORS: Final = 10

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:@/+-]{0,63}$")]
AgentId = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
MAX_AGENTS_OF_KEY: Final = 50
"""They travel with each request of the key, in the authorizer's answer."""
Days = Annotated[int, Field(ge=1, le=3650, description="Days after which the key expires"), Whole]


class _Body(BaseModel):
    """Unknown fields are errors, so that a misspelled one is found."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class CreateTenantBody(_Body):
    id: str = Field(pattern=f"^{TENANT}$")
    name: Name | None = None


class RenameTenantBody(_Body):
    name: Name


class MessagingKeyBody(_Body):
    """A key for messages and sessions."""

    api: Literal["messaging"]
    name: Name
    expiresInDays: Days | None = None  # noqa: N815 - wire name

    def to_key(self, tenant: str) -> NewKey:
        return NewKey(
            tenant=tenant, name=self.name, opens=self.api, lifetime=_days(self.expiresInDays)
        )


class DocsKeyBody(_Body):
    """A key for documentation agents."""

    api: Literal["docs"]
    name: Name
    scopes: list[Literal["read", "write"]] = Field(min_length=1, max_length=2)
    expiresInDays: Days | None = None  # noqa: N815

    def to_key(self, tenant: str) -> NewKey:
        return NewKey(
            tenant=tenant,
            name=self.name,
            opens=self.api,
            scopes=frozenset(map(Scope, self.scopes)),
            lifetime=_days(self.expiresInDays),
        )


class WorkerKeyBody(_Body):
    """A key for workers, which answer for agents of provider `worker`."""

    api: Literal["workers"]
    name: Name
    agents: list[AgentId] | Literal["*"] = Field(
        description="ids of the agents, or * for all agents of the tenant"
    )
    expiresInDays: Days | None = None  # noqa: N815

    @field_validator("agents")
    @classmethod
    def _check_number(cls, agents: list[str] | str) -> list[str] | str:
        if not agents or (isinstance(agents, list) and len(agents) > MAX_AGENTS_OF_KEY):
            raise ValueError(f"1 to {MAX_AGENTS_OF_KEY} ids, or *")
        return agents

    def to_key(self, tenant: str) -> NewKey:
        return worker_key(tenant, self.name, self.agents, _days(self.expiresInDays))


type CreateKeyBody = Annotated[
    MessagingKeyBody | DocsKeyBody | WorkerKeyBody, Field(discriminator="api")
]


class CreateAdminKeyBody(_Body):
    name: Name
    expiresInDays: Days | None = None  # noqa: N815

    def to_key(self) -> NewKey:
        return admin_key(self.name, _days(self.expiresInDays))


class CreatePartnerBody(_Body):
    """The role includes the permissions of lower ones: `viewer`, `pilot`, `manager`."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .@+-]{0,63}$")
    role: Literal["viewer", "pilot", "manager"]

    def to_partner(self, tenant: str) -> NewPartner:
        return NewPartner(tenant=tenant, name=self.name, role=Role[self.role.upper()])


class RotateKeyBody(_Body):
    overlapSeconds: Annotated[int, Whole] = Field(  # noqa: N815
        default=_DEFAULT_OVERLAP_S,
        ge=0,
        le=_MAX_OVERLAP_S,
        description="Seconds for which the previous one still works",
    )


def worker_key(
    tenant: str, name: str, agents: Collection[str], lifetime: Millis | None = None
) -> NewKey:
    """Return a new key for workers. `agents` are ids, or `*`."""
    scopes = {ALL_AGENTS} if agents == ALL_AGENTS else {each.lower() for each in agents}
    return NewKey(tenant=tenant, name=name, opens=WORKERS_API, scopes=scopes, lifetime=lifetime)


def admin_key(name: str, lifetime: Millis | None = None) -> NewKey:
    return NewKey(
        tenant=OPERATORS, name=name, opens=ADMIN_API, scopes={Scope.ADMIN}, lifetime=lifetime
    )


def parse(kind: Any, body: Any) -> Any:
    """Parse a body. Raises `BadRequestError`, which names fields and never their values."""
    try:
        return TypeAdapter(kind).validate_python(body)
    except ValidationError as error:
        raise BadRequestError(describe(error)) from error


def parse_fields[T](resource: Resource[T], tenant: str, entry: str, request: Request) -> T:
    """Parse the body of an entry, whose id is that of the path.

    Raises `BadRequestError`, `TooLargeError`.
    """
    if len(request.content) > _MAX_ENTRY_BYTES:
        raise TooLargeError
    body = request.json()
    if not isinstance(body, dict):
        raise BadRequestError("The body must be a JSON object")
    if resource.home != "single" and to_id(resource.name, str(body.get("id"))) != entry:
        raise BadRequestError("id must be that of the path")
    try:
        return resource.parse(tenant, body)
    except ValidationError as error:
        raise BadRequestError(describe(error)) from error


def describe(error: ValidationError) -> str:
    """Return what is wrong with each field, without its value."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}" if each["loc"] else each["msg"]
        for each in found[:_MAX_ERRORS]
    ]
    return "; ".join(lines)


def _days(days: int | None) -> Millis | None:
    return None if days is None else days * DAY_MS
