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
from jobs.kit.output.wire import POSITION, parse_position
from jobs.kit.types import Error
from jobs.messaging.api import responses as messaging
from jobs.messaging.api import types
from jobs.messaging.api.chat import ChatBody, parse_chat
from jobs.messaging.api.create_body import parse_create_job
from jobs.messaging.api.requests import CreateJobBody
from jobs.messaging.errors import AgentNotFoundError, NoAgentsError, PaymentNotSupportedError
from jobs.payments.api.endpoint import handle_error
from jobs.payments.api.types import PaymentRequiredResponse
from jobs.payments.api.x402_offer import to_usdc
from jobs.payments.errors import SettlementUnknownError
from scripts.openapi import gateway
from scripts.openapi.model import NO_CONTENT, Api, Operation, OtherMedia, capture_error
from scripts.openapi.shared import (
    API_KEY,
    DATA_STREAM,
    DATA_STREAM_EXAMPLE,
    IDEMPOTENCY_KEY,
    RATE_HEADERS,
    RATE_LIMIT,
    RATE_LIMITED,
    RETRY_AFTER,
    UI_MESSAGE_STREAM,
    UI_MESSAGE_STREAM_EXAMPLE,
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
_RESUME: Final = {
    "Last-Event-ID": Annotated[
        str,
        Field(
            pattern=f"^{POSITION.pattern}$",
            description="The last received event's id: the stream resumes after it",
        ),
    ]
}
_STREAM: Final = OtherMedia(
    schemas={
        "text/event-stream": {
            **UI_MESSAGE_STREAM,
            "description": "The UI message stream of AI SDK 5 and later; to resume, send an event's"
            " id as Last-Event-ID",
        },
        "text/plain": {
            **DATA_STREAM,
            "description": "With Accept: text/plain, the data stream of AI SDK 4",
        },
    },
    examples={
        "text/event-stream": UI_MESSAGE_STREAM_EXAMPLE,
        "text/plain": DATA_STREAM_EXAMPLE,
    },
)
_UI_STREAM: Final = OtherMedia(
    schemas={"text/event-stream": _STREAM.schemas["text/event-stream"]},
    examples={"text/event-stream": UI_MESSAGE_STREAM_EXAMPLE},
)
_PRICE: Final = int(gateway.template()["Parameters"]["PaymentPrice"]["Default"])
_RECEIPT_HEADERS: Final = ("X-PAYMENT-RESPONSE", "PAYMENT-RESPONSE")

MESSAGING: Final = Api(
    name="messaging",
    title="Messages to agents",
    version="1",
    description="One-off messages to AI agents: create a job, poll it, and read the agent's answer."
    " Wire-compatible with the ElizaOS Jobs API.",
    tags={
        "Jobs": "A message to an agent, and its answer",
        "Chats": "Conversations of the AI SDK's `useChat`",
        "Agents": "The available agents",
    },
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
    parameters={
        "jobId": JobId,
        "chatId": Annotated[str, Field(description="The chat's id, of the client's choice")],
    },
    path_examples={"chatId": "Yj2kLm9"},
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
        "X-Job-Id": Annotated[str, Field(description="The id of the streamed job")],
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
            name="stream_job",
            handler="stream_message",
            method="GET",
            path="/api/messaging/jobs/{jobId}/stream",
            summary="Stream a job's answer while the agent says it",
            description="From the beginning, or after `Last-Event-ID`. The answer of an agent that"
            " does not stream is one text. A failed job's stream has its error. `data-restarted`"
            " says that another attempt begins: forget the text before it. 204: nothing follows.",
            tag="Jobs",
            headers=_RESUME,
            responses={200: _STREAM, 204: NO_CONTENT},
            response_headers={200: ("X-Job-Id",), 204: ("X-Job-Id",)},
            errors=[JobNotFoundError(), capture_error(parse_position, "0")],
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
            name="send_chat_message",
            handler="stream_message",
            method="POST",
            path="/api/messaging/chat",
            summary="Send a message of a chat, and stream the answer: for useChat of the AI SDK",
            description="The body is the one of `DefaultChatTransport`. The client's messages are"
            " the conversation. A repeated message joins its running stream. To stop the agent,"
            " cancel the job that `messageMetadata.jobId` or `X-Job-Id` names.",
            tag="Chats",
            body=ChatBody,
            responses={200: _UI_STREAM},
            response_headers={
                200: ("X-Job-Id", *RATE_HEADERS),
                **dict.fromkeys((404, 409, 429), RATE_HEADERS),
            },
            errors=[
                capture_error(parse_chat, {"id": "chat-1", "messages": [{"role": "system"}]}),
                AgentNotFoundError("99999999-9999-4999-8999-999999999999"),
                NoAgentsError(),
                IdempotencyConflictError(),
                PaymentNotSupportedError(),
                TooLargeError(),
                RATE_LIMITED,
            ],
            **_KEY,
        ),
        Operation(
            name="resume_chat",
            handler="stream_message",
            method="GET",
            path="/api/messaging/chat/{chatId}/stream",
            summary="Stream a chat's running answer from its beginning",
            description="204: the chat has no running answer.",
            tag="Chats",
            responses={200: _UI_STREAM, 204: NO_CONTENT},
            response_headers={200: ("X-Job-Id",)},
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
        Operation(
            name="get_chat_page",
            method="GET",
            path="/chat",
            summary="Get the page to chat with agents",
            description="An HTML page, which calls this API with the key that its visitor enters.",
            tag="Agents",
            security=[],
            authorized_by_gateway=False,
            error_type=Error,
            error_response=messaging.handle_error,
            responses={
                200: OtherMedia(
                    schemas={"text/html": {"type": "string", "description": "The page"}},
                    examples={"text/html": "<!doctype html>…"},
                )
            },
        ),
    ],
)
