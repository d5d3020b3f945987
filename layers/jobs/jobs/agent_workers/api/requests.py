"""The bodies of workers as documents define them; `parse` validates requests."""

from typing import Annotated, Any, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from jobs.agent_workers.answer_job import MAX_BACKOFF_S
from jobs.agent_workers.api import rules
from jobs.kit.types import Uuid

_OPEN = ConfigDict(strict=True, defer_build=True)
Attempt = Annotated[int, Field(ge=1, description="Of the claim. A later claim makes it stale")]


@with_config(_OPEN)
class ClaimBody(TypedDict):
    agents: Annotated[list[Uuid], Field(min_length=1, max_length=rules.MAX_AGENTS)]
    maxJobs: NotRequired[
        Annotated[int, Field(ge=1, le=rules.MAX_JOBS, json_schema_extra={"default": 1})]
    ]
    waitSeconds: NotRequired[
        Annotated[
            int,
            Field(
                ge=0,
                le=rules.MAX_WAIT_S,
                description="Wait so long for a job if there is none",
                json_schema_extra={"default": rules.MAX_WAIT_S},
            ),
        ]
    ]
    worker: NotRequired[
        Annotated[
            str, Field(max_length=rules.MAX_WORKER_NAME, description="Your name of this worker")
        ]
    ]


@with_config(_OPEN)
class Progress(TypedDict):
    """Shown in the job until it ends."""

    percent: NotRequired[Annotated[float, Field(ge=0, le=100)]]
    message: NotRequired[Annotated[str, Field(max_length=rules.MAX_MESSAGE)]]


@with_config(_OPEN)
class OutputBody(TypedDict):
    attempt: Attempt
    number: NotRequired[
        Annotated[
            int,
            Field(ge=1, description="Of this piece: `outputFrom`, then one more for each piece"),
        ]
    ]
    output: NotRequired[
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=rules.MAX_OUTPUT,
                description="The next piece of the answer, for readers of its stream. At most one"
                " every half second. May be repeated: a number is stored once",
            ),
        ]
    ]


@with_config(_OPEN)
class HeartbeatBody(OutputBody):
    progress: NotRequired[Progress]


@with_config(_OPEN)
class CompleteBody(OutputBody):
    content: Annotated[str, Field(min_length=1, description="The answer, up to 300 KB as JSON")]
    metadata: NotRequired[Annotated[dict[str, Any], Field(description="Of the answer")]]


@with_config(_OPEN)
class FailBody(TypedDict):
    attempt: Attempt
    error: Annotated[
        str,
        Field(
            max_length=rules.MAX_ERROR,
            description="The caller of the job sees its first line",
        ),
    ]
    retryable: NotRequired[
        Annotated[
            bool,
            Field(
                description="Whether any worker may try again", json_schema_extra={"default": False}
            ),
        ]
    ]
    retryAfterSeconds: NotRequired[
        Annotated[
            int,
            Field(
                ge=0,
                le=rules.MAX_RETRY_AFTER_S,
                description="Without it, 1 s after the first attempt, then twice as long each,"
                f" up to {MAX_BACKOFF_S} s",
            ),
        ]
    ]
