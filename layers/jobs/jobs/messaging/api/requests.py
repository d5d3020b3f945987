"""The body of a create as documents define it; `create_body` validates requests."""

from typing import Annotated, NotRequired, TypedDict

from pydantic import ConfigDict, Field, WithJsonSchema, with_config

from jobs.core.webhook_body import WebhookBody
from jobs.kit.body_rules import Metadata, content_rule, rule
from jobs.kit.types import Uuid
from jobs.messaging.api.create_rules import (
    MAX_CONTENT,
    MIN_TIMEOUT,
    check_agent_id,
    check_timeout,
    check_user_id,
)
from jobs.messaging.message import MAX_TIMEOUT, MAX_WORKER_TIMEOUT


@with_config(ConfigDict(strict=True, defer_build=True))
class CreateJobBody(TypedDict):
    """Other fields are ignored."""

    agentId: NotRequired[
        Annotated[
            Uuid,
            Field(description="The agent's id; without it, the first available agent"),
            rule(check_agent_id),
        ]
    ]
    userId: Annotated[
        Uuid,
        Field(description="A user's id, of your own choice"),
        rule(check_user_id),
    ]
    content: Annotated[
        str,
        Field(min_length=1, max_length=MAX_CONTENT, description="Length in UTF-16 code units"),
        content_rule(MAX_CONTENT),
    ]
    metadata: NotRequired[Metadata]
    timeoutMs: NotRequired[
        Annotated[
            int,
            rule(check_timeout),
            WithJsonSchema(
                {
                    "type": "number",
                    "minimum": MIN_TIMEOUT,
                    "maximum": MAX_WORKER_TIMEOUT,
                    "description": f"Time from the create to the timeout; at most {MAX_TIMEOUT}"
                    " unless the agent is answered by workers and allows more",
                }
            ),
        ]
    ]
    webhook: NotRequired[WebhookBody | None]
