"""The operations of the messaging API.

The deployment decides whether a job costs something, and whether a payment replaces the API key.
Payment headers and 402 apply only where it does.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import (
    BadCursorError,
    IdempotencyConflictError,
    JobEndedError,
    JobNotFoundError,
    StaleJobError,
)
from jobs.kit.http import TooLargeError
from jobs.kit.types import Error
from jobs.messaging.api import responses as messaging
from jobs.messaging.api import types
from jobs.messaging.api.create_body import parse_create_job
from jobs.messaging.api.requests import CreateJobBody
from jobs.messaging.errors import AgentNotFoundError, NoAgentsError
from jobs.payments.api.endpoint import handle_error
from jobs.payments.api.types import PaymentRequiredResponse
from jobs.payments.api.x402_offer import to_usdc
from jobs.payments.errors import SettlementUnknownError
from scripts.openapi import gateway
from scripts.openapi.model import Api, Operation, capture_error
from scripts.openapi.shared import (
    API_KEY,
    IDEMPOTENCY_KEY,
    RATE_HEADERS,
    RATE_LIMIT,
    RATE_LIMITED,
    RETRY_AFTER,
    JobId,
)

_KEY: Final[dict[str, Any]] = {
    "security": ["apiKey"],
    "error_type": Error,
    "error_response": messaging.handle_error,
}
_PAYMENT_PARAMETERS: Final = {
    "X-PAYMENT": Annotated[
        str, Field(description="x402 version 1, in base64; or a transaction hash")
    ],
    "PAYMENT-SIGNATURE": Annotated[str, Field(description="x402 version 2, in base64")],
    "X-PAYMENT-NETWORK": Annotated[str, Field(description="The transaction's network")],
    "X-PAYMENT-SIGNATURE": Annotated[
        str,
        Field(
            description="The payer's signature (personal_sign) of three lines: the network,"
            " the hash in lower case, and the SHA-256 of the body in hex"
        ),
    ],
}
_PRICE: Final = int(gateway.template()["Parameters"]["PaymentPrice"]["Default"])
_RECEIPT_HEADERS: Final = ("X-PAYMENT-RESPONSE", "PAYMENT-RESPONSE")

MESSAGING: Final = Api(
    name="messaging",
    title="Messages to agents",
    version="1",
    description="One-off messages to AI agents: create a job, poll it, and read the agent's answer."
    " Wire-compatible with the ElizaOS Jobs API.",
    tags={"Jobs": "A message to an agent, and its answer", "Agents": "The available agents"},
    security={
        **API_KEY,
        "x402": {
            "type": "apiKey",
            "in": "header",
            "name": "X-PAYMENT",
            "description": "A payment of x402 version 1, where payments replace API keys; a 402"
            " response states the price",
        },
        "x402v2": {
            "type": "apiKey",
            "in": "header",
            "name": "PAYMENT-SIGNATURE",
            "description": "A payment of x402 version 2, likewise",
        },
    },
    parameters={"jobId": JobId},
    headers={
        **RETRY_AFTER,
        **RATE_LIMIT,
        "PAYMENT-REQUIRED": Annotated[
            str, Field(description="The payment requirements of x402 version 2, as JSON in base64")
        ],
        "PAYMENT-RESPONSE": Annotated[
            str,
            Field(description="The settlement's transaction, as JSON in base64 (version 2)"),
        ],
        "X-PAYMENT-RESPONSE": Annotated[str, Field(description="The same, for version 1")],
        "Preference-Applied": Annotated[
            str,
            Field(
                pattern=r"^wait=\d+$",
                description="Sent if the response waited for the agent's answer",
            ),
        ],
    },
    operations=[
        Operation(
            name="create_job",
            method="POST",
            path="/api/messaging/jobs",
            summary="Send a message to an agent",
            description="Returns at once with a job to poll. With `Prefer: wait=N` the response"
            " waits up to N seconds for the agent's answer. Needs a key, a payment, or both, as"
            " the deployment decides.",
            tag="Jobs",
            body=CreateJobBody,
            headers={
                **IDEMPOTENCY_KEY,
                "Prefer": Annotated[
                    str, Field(description="wait=N: wait up to N seconds, at most 25")
                ],
                **_PAYMENT_PARAMETERS,
            },
            responses={200: types.Job, 201: types.CreateJobResponse, 402: PaymentRequiredResponse},
            response_headers={
                200: (*_RECEIPT_HEADERS, *RATE_HEADERS, "Preference-Applied"),
                201: (*_RECEIPT_HEADERS, *RATE_HEADERS),
                402: ("PAYMENT-REQUIRED",),
                404: RATE_HEADERS,
                409: RATE_HEADERS,
                429: RATE_HEADERS,
            },
            errors=[
                capture_error(parse_create_job, {"userId": "22222222-2222-4222-8222-222222222222"}),
                AgentNotFoundError("99999999-9999-4999-8999-999999999999"),
                NoAgentsError(),
                IdempotencyConflictError(),
                TooLargeError(),
                RATE_LIMITED,
                SettlementUnknownError(),
            ],
            extensions={
                "x-payment-info": {
                    "protocols": ["x402"],
                    "pricingMode": "fixed",
                    "price": to_usdc(_PRICE),
                }
            },
            **_KEY | {"security": ["apiKey", "x402", "x402v2"], "error_response": handle_error},
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
                        description=f"Page size. A larger number counts as {messaging.MAX_LIMIT},"
                        f" and other text as {messaging.DEFAULT_LIMIT}",
                        json_schema_extra={"default": messaging.DEFAULT_LIMIT},
                    ),
                ],
                "status": Annotated[
                    types.Status,
                    Field(description="Only jobs with this status; an unknown status selects all"),
                ],
                "cursor": Annotated[str, Field(description="`nextCursor` of the previous page")],
            },
            responses={200: types.ListJobsResponse},
            errors=[BadCursorError()],
            **_KEY,
        ),
        Operation(
            name="get_health",
            method="GET",
            path="/api/messaging/jobs/health",
            summary="Get job counts and rates",
            tag="Jobs",
            responses={200: types.HealthResponse},
            **_KEY,
        ),
        Operation(
            name="get_job",
            method="GET",
            path="/api/messaging/jobs/{jobId}",
            summary="Get a job",
            tag="Jobs",
            responses={200: types.Job},
            errors=[JobNotFoundError()],
            **_KEY,
        ),
        Operation(
            name="cancel_job",
            method="POST",
            path="/api/messaging/jobs/{jobId}/cancel",
            summary="Cancel a job that has not ended",
            tag="Jobs",
            responses={200: types.Job},
            errors=[JobNotFoundError(), JobEndedError(), StaleJobError()],
            **_KEY,
        ),
        Operation(
            name="list_agents",
            method="GET",
            path="/api/agents",
            summary="List the agents",
            tag="Agents",
            responses={200: types.ListAgentsResponse},
            **_KEY,
        ),
    ],
)
