"""The webhook in a body, as documents define it."""

from typing import Annotated, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from jobs.core.webhook import Event
from jobs.core.webhook_url import MAX_URL_LENGTH


@with_config(ConfigDict(strict=True, defer_build=True))
class WebhookBody(TypedDict):
    """The receiver of the job's events. Without `events`, it receives all of them."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_URL_LENGTH,
            description="An https address on the public internet",
            json_schema_extra={"format": "uri"},
        ),
    ]
    events: NotRequired[Annotated[list[Event], Field(min_length=1)]]
