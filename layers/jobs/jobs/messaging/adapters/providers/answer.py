"""Validate an agent's answer."""

from dataclasses import replace
from typing import Any, Final

from jobs.core.tokens import NO_TOKENS, Tokens
from jobs.kit import lenient_json, strict_json
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.llm.completion import Completion
from jobs.kit.llm.failures import CUT_OFF_AT_LIMIT, FILTERED
from jobs.messaging.ports import Answer

MAX_ANSWER_BYTES: Final = 300 * 1024


def to_answer(content: Any, metadata: Any = None) -> Answer:
    """Return the answer. Raises `UpstreamError` for an empty, malformed or too large one."""
    if not isinstance(content, str):
        raise UpstreamError(
            "The agent's answer is malformed", FailureClass.BAD_ANSWER, detail="it is no text"
        )
    text = lenient_json.clean(content)
    if not text.strip():
        raise UpstreamError("The agent gave no answer", FailureClass.BAD_ANSWER)
    known = lenient_json.clean_values(metadata) if isinstance(metadata, dict) else None
    size = len(strict_json.dumps(text)[1:-1].encode())
    if known:
        size += len(strict_json.dumps(known).encode())
    if size > MAX_ANSWER_BYTES:
        raise UpstreamError("The agent's answer is larger than 300 KB", FailureClass.QUOTA)
    return Answer(text, known)


def to_model_answer(told: Completion, *, model: str) -> Answer:
    """Return a model's answer. Its metadata name the model, and what was cut off at its limit.

    Raises `UpstreamError` if the model declined, was stopped by a filter, or said nothing.
    """
    if told.refusal:
        raise UpstreamError(told.refusal, FailureClass.REFUSED, detail="the model's refusal")
    if told.reason == "content-filter":
        raise UpstreamError(*FILTERED)
    if told.reason == "length" and not told.text.strip():
        raise UpstreamError(
            f"The agent gave no answer: it was {CUT_OFF_AT_LIMIT}", FailureClass.QUOTA
        )
    if told.reason == "tool-calls" and not told.text.strip():
        raise UpstreamError(
            "The agent gave no answer",
            FailureClass.BAD_ANSWER,
            detail="the model called a tool, and it has none",
        )
    tokens = Tokens.parse(told.tokens_in, told.tokens_out)
    about = _describe(model, tokens)
    if told.reason == "length":
        about["finishReason"] = "length"
    return replace(to_answer(told.text), metadata=about, tokens=tokens)


def _describe(model: str, tokens: Tokens) -> dict[str, Any]:
    if tokens == NO_TOKENS:  # the provider does not tell
        return {"model": model}
    usage = {"inputTokens": tokens.read, "outputTokens": tokens.written}
    return {"model": model, "usage": usage}
