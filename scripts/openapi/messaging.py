"""The messaging API: what its endpoints take and answer.

Whether creating a job costs something, and whether a payment does instead of a key, is the
deployment's choice: what is said of payments here holds where it does.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import (
    AgentNotFoundError,
    BadCursorError,
    IdempotencyConflictError,
    JobEndedError,
    JobNotFoundError,
    NoAgentsError,
    SettlementUnknownError,
    StaleJobError,
)
from jobs.kit.http import TooLargeError
from jobs.kit.types import Error
from jobs.messaging.api import responses as messaging
from jobs.messaging.api import types
from jobs.messaging.api.requests import CreateJobBody, parse_create_job
from jobs.payments.api.types import Offer
from jobs.payments.api.x402_offer import to_usdc
from scripts.openapi import gateway
from scripts.openapi.model import Api, Operation, raised
from scripts.openapi.shared import API_KEY, IDEMPOTENCY_KEY, RETRY_AFTER, JobId

_KEY: Final[dict[str, Any]] = {
    "security": ["apiKey"],
    "error": Error,
    "refuse": messaging.refuse,
}
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
_PRICE: Final = int(gateway.template()["Parameters"]["PaymentPrice"]["Default"])
_PAID: Final = ("X-PAYMENT-RESPONSE", "PAYMENT-RESPONSE")

MESSAGING: Final = Api(
    name="messaging",
    title="Messages to agents",
    version="1",
    description="One-off messages to AI agents: create a job, poll it, and read the agent's answer."
    " Wire-compatible with the ElizaOS Jobs API.",
    tags={"Jobs": "A message to an agent, and its answer", "Agents": "Who can be asked"},
    security={
        **API_KEY,
        "x402": {
            "type": "apiKey",
            "in": "header",
            "name": "X-PAYMENT",
            "description": "A payment of x402's version 1, where the deployment takes payments"
            " instead of keys; a 402 says what to pay",
        },
        "x402v2": {
            "type": "apiKey",
            "in": "header",
            "name": "PAYMENT-SIGNATURE",
            "description": "A payment of x402's version 2, likewise",
        },
    },
    parameters={"jobId": JobId},
    headers={
        **RETRY_AFTER,
        "PAYMENT-REQUIRED": Annotated[
            str, Field(description="What x402's version 2 asks for, as JSON in base64")
        ],
        "PAYMENT-RESPONSE": Annotated[
            str,
            Field(description="By which transaction it was paid, as JSON in base64 (version 2)"),
        ],
        "X-PAYMENT-RESPONSE": Annotated[str, Field(description="The same for version 1")],
        "Preference-Applied": Annotated[
            str, Field(pattern=r"^wait=\d+$", description="That the answer was waited for")
        ],
    },
    operations=[
        Operation(
            name="create_job",
            method="POST",
            path="/api/messaging/jobs",
            summary="Ask an agent one thing, by a key, a payment, or both",
            description="The answer comes at once, and the job is polled; with `Prefer: wait=N` it"
            " comes when the agent has answered, if that is soon enough.",
            tag="Jobs",
            body=CreateJobBody,
            headers={
                **IDEMPOTENCY_KEY,
                "Prefer": Annotated[str, Field(description="wait=N, of up to 25 seconds")],
                **_PAYING,
            },
            answers={200: types.Job, 201: types.Created, 402: Offer},
            told={
                200: (*_PAID, "Preference-Applied"),
                201: _PAID,
                402: ("PAYMENT-REQUIRED",),
            },
            refusals=[
                raised(parse_create_job, {"userId": "22222222-2222-4222-8222-222222222222"}),
                AgentNotFoundError("99999999-9999-4999-8999-999999999999"),
                NoAgentsError(),
                IdempotencyConflictError(),
                TooLargeError(),
                SettlementUnknownError(),
            ],
            extensions={
                "x-payment-info": {
                    "protocols": ["x402"],
                    "pricingMode": "fixed",
                    "price": to_usdc(_PRICE),
                }
            },
            **_KEY | {"security": ["apiKey", "x402", "x402v2"]},
        ),
        Operation(
            name="list_jobs",
            method="GET",
            path="/api/messaging/jobs",
            summary="List the caller's jobs, newest first",
            tag="Jobs",
            query={
                "limit": Annotated[
                    int,
                    Field(
                        ge=1,
                        le=messaging.MAX_LIMIT,
                        description=f"More is taken for {messaging.MAX_LIMIT}, and what is no"
                        f" number for {messaging.DEFAULT_LIMIT}",
                        json_schema_extra={"default": messaging.DEFAULT_LIMIT},
                    ),
                ],
                "status": Annotated[
                    types.Status, Field(description="Only these; all, if there is no such status")
                ],
                "cursor": Annotated[str, Field(description="`nextCursor` of the page before")],
            },
            answers={200: types.Jobs},
            refusals=[BadCursorError()],
            **_KEY,
        ),
        Operation(
            name="get_health",
            method="GET",
            path="/api/messaging/jobs/health",
            summary="Count the caller's jobs",
            tag="Jobs",
            answers={200: types.Health},
            **_KEY,
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/api/messaging/jobs/{jobId}",
            summary="Read a job",
            tag="Jobs",
            answers={200: types.Job},
            refusals=[JobNotFoundError()],
            **_KEY,
        ),
        Operation(
            name="cancel_job",
            method="POST",
            path="/api/messaging/jobs/{jobId}/cancel",
            summary="Stop a job that has not ended",
            tag="Jobs",
            answers={200: types.Job},
            refusals=[JobNotFoundError(), JobEndedError(), StaleJobError()],
            **_KEY,
        ),
        Operation(
            name="list_agents",
            method="GET",
            path="/api/agents",
            summary="List who can be asked",
            tag="Agents",
            answers={200: types.ListedAgents},
            **_KEY,
        ),
    ],
)
