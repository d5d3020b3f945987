"""The messaging API: what its endpoints take and answer.

Whether creating a job costs something, and whether a payment does instead of a key, is the
deployment's choice: what is said of payments here holds where it does.
"""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from scripts.openapi import Api, Operation

_WHOLE: Final = ConfigDict(strict=True, extra="forbid")

Millis = Annotated[int, Field(ge=0, description="Milliseconds since the epoch")]
Status = Literal["pending", "processing", "completed", "failed", "timeout"]


@with_config(_WHOLE)
class Error(TypedDict):
    success: Literal[False]
    error: str
    code: str


class NewJob(TypedDict):
    """Fields that are not named here are ignored."""

    userId: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    content: Annotated[str, Field(min_length=1, max_length=50_000)]
    agentId: NotRequired[Annotated[str, Field(json_schema_extra={"format": "uuid"})]]
    metadata: NotRequired[dict[str, Any]]
    timeoutMs: NotRequired[Annotated[float, Field(ge=1000, le=300_000)]]


@with_config(_WHOLE)
class Created(TypedDict):
    jobId: str
    status: Status
    createdAt: Millis
    expiresAt: Millis


@with_config(_WHOLE)
class Message(TypedDict):
    id: str
    content: str
    authorId: str
    createdAt: Millis
    metadata: NotRequired[dict[str, Any]]


@with_config(_WHOLE)
class Result(TypedDict):
    message: Message
    processingTimeMs: int


@with_config(_WHOLE)
class Job(TypedDict):
    jobId: str
    status: Status
    agentId: str
    userId: str
    prompt: str
    createdAt: Millis
    expiresAt: Millis
    result: NotRequired[Result]
    error: NotRequired[str]
    metadata: dict[str, Any]


@with_config(_WHOLE)
class Jobs(TypedDict):
    jobs: list[Job]
    total: int
    filtered: int
    nextCursor: NotRequired[str]


@with_config(_WHOLE)
class Metrics(TypedDict):
    averageProcessingTimeMs: int
    successRate: float
    failureRate: float
    timeoutRate: float


@with_config(_WHOLE)
class Health(TypedDict):
    healthy: bool
    timestamp: Millis
    totalJobs: int
    statusCounts: dict[Status, int]
    metrics: Metrics
    maxJobs: int


@with_config(_WHOLE)
class Agent(TypedDict):
    id: str
    name: str
    characterName: str
    bio: str
    status: Literal["active", "inactive"]


@with_config(_WHOLE)
class Agents(TypedDict):
    agents: list[Agent]


@with_config(_WHOLE)
class ListedAgents(TypedDict):
    success: Literal[True]
    data: Agents


# ── Payments ────────────────────────────────────────────────────────────────────


@with_config(_WHOLE)
class Domain(TypedDict):
    """The asset's EIP-712 domain."""

    name: str
    version: str


@with_config(_WHOLE)
class Requirements(TypedDict):
    """What x402's version 1 asks for on one network; version 2 is in `PAYMENT-REQUIRED`."""

    scheme: Literal["exact"]
    network: str
    maxAmountRequired: str
    resource: str
    description: str
    mimeType: str
    payTo: str
    maxTimeoutSeconds: int
    asset: str
    extra: Domain
    outputSchema: dict[str, Any]


@with_config(_WHOLE)
class Price(TypedDict):
    recipient: str
    amount: str
    amountAtomic: str
    currency: Literal["USDC"]
    network: str
    chainId: int
    asset: str


@with_config(_WHOLE)
class Prices(TypedDict):
    payment: list[Price]


@with_config(_WHOLE)
class Offer(TypedDict):
    """What a job costs, and in `code` why it is not paid for yet."""

    x402Version: Literal[1]
    error: str
    code: str
    accepts: list[Requirements]
    paymentInfo: Prices
    payment: list[Price]


_ALWAYS: Final = (401, 429, 500, 503)
_KEY: Final[dict[str, Any]] = {"security": "apiKey", "error": Error}
_PAYING: Final = {
    "X-PAYMENT": Annotated[
        str, Field(description="x402 version 1, in base64; or a transaction's hash")
    ],
    "PAYMENT-SIGNATURE": Annotated[str, Field(description="x402 version 2, in base64")],
    "X-PAYMENT-NETWORK": Annotated[str, Field(description="Of the transaction")],
    "X-PAYMENT-SIGNATURE": Annotated[
        str,
        Field(
            description="By the transaction's payer (personal_sign), of three lines: the network, "
            "the hash in lower case, the SHA-256 of the body in hex"
        ),
    ],
}

MESSAGING: Final = Api(
    title="Messages to agents",
    version="1",
    security={"apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
    operations=[
        Operation(
            name="create_job",
            method="POST",
            path="/api/messaging/jobs",
            summary="Ask an agent one thing, by a key, a payment, or both",
            body=NewJob,
            headers={
                "Idempotency-Key": Annotated[str, Field(min_length=1, max_length=255)],
                "Prefer": Annotated[str, Field(description="wait=N, of up to 25 seconds")],
                **_PAYING,
            },
            answers={200: Job, 201: Created, 402: Offer},
            told={
                200: ("X-PAYMENT-RESPONSE", "PAYMENT-RESPONSE", "Preference-Applied"),
                201: ("X-PAYMENT-RESPONSE", "PAYMENT-RESPONSE"),
                402: ("PAYMENT-REQUIRED",),
                503: ("Retry-After",),
            },
            refusals=(400, 404, 409, 413, *_ALWAYS),
            extensions={
                "x-payment-info": {
                    "protocols": ["x402"],
                    "pricingMode": "fixed",
                    "price": "0.02",
                }
            },
            **_KEY,
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/api/messaging/jobs",
            summary="List the caller's jobs, newest first",
            query={
                "limit": Annotated[int, Field(le=1000, json_schema_extra={"default": 50})],
                "status": Status,
                "cursor": str,
            },
            answers={200: Jobs},
            refusals=(400, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="get_health",
            method="GET",
            path="/api/messaging/jobs/health",
            summary="Count the caller's jobs",
            answers={200: Health},
            refusals=_ALWAYS,
            **_KEY,
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/api/messaging/jobs/{jobId}",
            summary="Read a job",
            answers={200: Job},
            refusals=(404, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="cancel_job",
            method="POST",
            path="/api/messaging/jobs/{jobId}/cancel",
            summary="Stop a job that has not ended",
            answers={200: Job},
            refusals=(404, 409, *_ALWAYS),
            **_KEY,
        ),
        Operation(
            name="list_agents",
            method="GET",
            path="/api/agents",
            summary="List who can be asked",
            answers={200: ListedAgents},
            refusals=_ALWAYS,
            **_KEY,
        ),
    ],
)
