"""What the output of a message has besides the agent's text."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Final

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.output.events import RESTARTED, OutputEvent
from jobs.messaging.message import answer_id

MAX_PIECE_LENGTH: Final = 1500
"""In characters. `OutputWriter` cuts off values of more than 20,000 bytes of JSON."""
_ERRORS: Final = {
    JobStatus.CANCELLED: "Job cancelled",
    JobStatus.TIMED_OUT: "Job timed out waiting for agent response",
}


def error_of(job: Job) -> str | None:
    """Return why an ended job has no answer, as callers are told."""
    return _ERRORS.get(job.status, job.error)


def beginning(job: Job, *, again: bool) -> list[OutputEvent]:
    """Return the events before an attempt's text; `again`: an earlier attempt has spoken."""
    about = {"jobId": job.id, "agentId": job.request["agentId"]}
    first = RESTARTED if again else {"t": "start", "id": answer_id(job), "metadata": about}
    return [first, {"t": "step-start", "id": answer_id(job)}]


def pieces(text: str) -> Iterator[OutputEvent]:
    for piece in batched(text, MAX_PIECE_LENGTH):
        yield {"t": "text", "text": "".join(piece)}


def ending(job: Job, said: str) -> list[OutputEvent]:
    """Return the last events of an ended job, of which the last attempt has `said` so much.

    They bring what the stored answer has more. If it is another, they begin it anew.
    """
    tokens = {"in": job.tokens.read, "out": job.tokens.written}
    if job.result is None:
        error = {"t": "error", "error": error_of(job) or "The job ended before the agent did"}
        return [error, {"t": "finish", "reason": "error", **tokens}]
    content: str = job.result["content"]
    is_whole = content.startswith(said)
    rest = content[len(said) :] if is_whole else content
    stopped = {"reason": job.result.get("metadata", {}).get("finishReason", "stop"), **tokens}
    return [
        *([] if is_whole else beginning(job, again=True)),
        *([{"t": "text", "text": rest}] if rest else []),
        {"t": "step-finish", **stopped},
        {"t": "finish", **stopped},
    ]


def said_in(events: Sequence[OutputEvent]) -> str:
    """Return the text of the last attempt."""
    text: list[str] = []
    for event in events:
        if event == RESTARTED:
            text.clear()
        elif event["t"] == "text":
            text.append(event["text"])
    return "".join(text)
