"""Responses of the admin API: types."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from jobs.kit.types import CLOSED, Time

NextCursor = Annotated[str, Field(description="The cursor of the next page; absent at the end")]


@with_config(CLOSED)
class Tenant(TypedDict):
    id: str
    name: str
    createdAt: NotRequired[Time]


@with_config(CLOSED)
class ListTenantsResponse(TypedDict):
    tenants: list[Tenant]
    nextCursor: NotRequired[NextCursor]


@with_config(CLOSED)
class Key(TypedDict):
    """A key without its secret. Keys of earlier versions have no name and no `createdAt`."""

    id: str
    api: Annotated[str, Field(description="The API that accepts the key")]
    prefix: Annotated[str, Field(description="How the key begins; not a secret")]
    name: NotRequired[str]
    scopes: list[str]
    createdAt: NotRequired[Time]
    expiresAt: NotRequired[Time]
    lastUsedAt: NotRequired[Annotated[Time, Field(description="The hour of the last use")]]
    replacedBy: NotRequired[
        Annotated[str, Field(description="Id of the key that a rotation created")]
    ]


@with_config(CLOSED)
class CreatedKey(Key):
    """A new key. Only this response has `secret`."""

    secret: NotRequired[
        Annotated[
            str,
            Field(
                description="The whole key. Absent if an earlier request with the same"
                " Idempotency-Key has received it"
            ),
        ]
    ]


@with_config(CLOSED)
class ListKeysResponse(TypedDict):
    keys: list[Key]
    nextCursor: NotRequired[NextCursor]


@with_config(CLOSED)
class Partner(TypedDict):
    """A partner's program without its secrets. Those of earlier versions have no `createdAt`."""

    id: Annotated[str, Field(description="The program's client id")]
    name: str
    role: Literal["viewer", "pilot", "manager"]
    keyId: NotRequired[Annotated[str, Field(description="Id of the API key for its tokens")]]
    createdAt: NotRequired[Time]
    expiresAt: NotRequired[Time]
    replacedBy: NotRequired[
        Annotated[str, Field(description="Id of the partner that a rotation created")]
    ]


@with_config(CLOSED)
class CreatedPartner(Partner):
    """A new partner. Only this response has the secrets.

    They are absent if an earlier request with the same Idempotency-Key has received them.
    """

    clientSecret: NotRequired[str]
    apiKey: NotRequired[Annotated[str, Field(description="The API key for its tokens")]]


@with_config(CLOSED)
class ListPartnersResponse(TypedDict):
    partners: list[Partner]
    nextCursor: NotRequired[NextCursor]


@with_config(CLOSED)
class Actor(TypedDict):
    """The key of the request; a command of `make` has a name only."""

    name: str
    keyId: NotRequired[str]


@with_config(CLOSED)
class AuditRecord(TypedDict):
    """One change. `before` and `after` are the entry without secrets."""

    id: str
    at: Time
    actor: Actor
    action: Literal["create", "replace", "delete", "rotate", "revoke"]
    resource: str
    tenant: NotRequired[Annotated[str, Field(description="Absent for keys of the admin API")]]
    entry: Annotated[str, Field(description="Id of the changed entry")]
    before: NotRequired[dict[str, Any]]
    after: NotRequired[dict[str, Any]]


@with_config(CLOSED)
class ListAuditResponse(TypedDict):
    records: list[AuditRecord]
    nextCursor: NotRequired[NextCursor]


@with_config(CLOSED)
class Deleted(TypedDict):
    id: str
    deleted: Literal[True]


Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


@with_config(CLOSED)
class JobUsage(TypedDict):
    """The jobs of one API that ended on these days. Tokens are those that providers tell."""

    dialect: str
    succeeded: int
    failed: int
    cancelled: int
    timedOut: int
    runSeconds: Annotated[
        float,
        Field(description="From start to end of the jobs: an agent worked, or a drone flew"),
    ]
    inputTokens: int
    outputTokens: int


@with_config(CLOSED)
class PaymentUsage(TypedDict):
    """Settled payments on one network."""

    network: str
    asset: str
    count: int
    amount: Annotated[str, Field(description="In millionths of a USDC")]


@with_config(CLOSED)
class UsageCounts(TypedDict):
    """A source that was not used is absent."""

    jobs: list[JobUsage]
    webhookAttempts: int
    payments: list[PaymentUsage]


@with_config(CLOSED)
class DayUsage(UsageCounts):
    day: Day


@with_config(CLOSED)
class UsageResponse(TypedDict):
    """`key`: only its usage. `total` is over all days."""

    tenant: str
    key: NotRequired[str]
    firstDay: Day
    lastDay: Day
    total: UsageCounts
    days: Annotated[list[DayUsage], Field(description="Only days with usage")]
