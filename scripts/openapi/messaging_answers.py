"""The messaging API: what its endpoints answer."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field, with_config

from scripts.openapi.shared import WHOLE, Millis

Status = Literal["pending", "processing", "completed", "failed", "timeout"]


@with_config(WHOLE)
class Created(TypedDict):
    jobId: str
    status: Status
    createdAt: Millis
    expiresAt: Millis


@with_config(WHOLE)
class Message(TypedDict):
    """What the agent has answered; `authorId` is its own."""

    id: str
    content: str
    authorId: str
    createdAt: Millis
    metadata: NotRequired[dict[str, Any]]


@with_config(WHOLE)
class Result(TypedDict):
    message: Message
    processingTimeMs: int


@with_config(WHOLE)
class Job(TypedDict):
    jobId: str
    status: Status
    agentId: str
    userId: str
    prompt: str
    createdAt: Millis
    expiresAt: Millis
    result: NotRequired[Result]
    error: NotRequired[Annotated[str, Field(description="Why there is no result")]]
    metadata: Annotated[dict[str, Any], Field(description="As it came")]


@with_config(WHOLE)
class Jobs(TypedDict):
    jobs: list[Job]
    total: Annotated[int, Field(description="Of all the caller's jobs")]
    filtered: Annotated[int, Field(description="Of those in this answer")]
    nextCursor: NotRequired[
        Annotated[str, Field(description="The `cursor` of the next page; absent on the last")]
    ]


@with_config(WHOLE)
class Metrics(TypedDict):
    """Rates are fractions of what has ended."""

    averageProcessingTimeMs: int
    successRate: float
    failureRate: float
    timeoutRate: float


@with_config(WHOLE)
class Health(TypedDict):
    healthy: bool
    timestamp: Millis
    totalJobs: int
    statusCounts: dict[Status, int]
    metrics: Metrics
    maxJobs: int


@with_config(WHOLE)
class Agent(TypedDict):
    id: str
    name: str
    characterName: str
    bio: str
    status: Literal["active", "inactive"]


@with_config(WHOLE)
class Agents(TypedDict):
    agents: list[Agent]


@with_config(WHOLE)
class ListedAgents(TypedDict):
    success: Literal[True]
    data: Agents


# ── Payments ────────────────────────────────────────────────────────────────────


@with_config(WHOLE)
class Domain(TypedDict):
    """The asset's EIP-712 domain."""

    name: str
    version: str


@with_config(WHOLE)
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


@with_config(WHOLE)
class Price(TypedDict):
    recipient: str
    amount: str
    amountAtomic: str
    currency: Literal["USDC"]
    network: str
    chainId: int
    asset: str


@with_config(WHOLE)
class Prices(TypedDict):
    payment: list[Price]


@with_config(WHOLE)
class Offer(TypedDict):
    """What a job costs, and in `code` why it is not paid for yet."""

    x402Version: Literal[1]
    error: str
    code: str
    accepts: list[Requirements]
    paymentInfo: Prices
    payment: list[Price]
