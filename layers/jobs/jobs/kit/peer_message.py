"""A peer's own short message about a failure, for the operator's log."""

import re
from collections.abc import Iterator
from typing import Any, Final

from jobs.kit import lenient_json

_MAX_LENGTH: Final = 300
_KEY: Final = re.compile(
    r"(?:\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|ghs|github_pat|glpat|mint|sortie)[-_][\w*.-]{4,}"
    r"|\bAIza[\w*-]{4,}|\b(?:Bearer|Basic|token)\s+[\w*.~+/=-]{8,}|\beyJ[\w.-]{10,})"
)
_USER_INFO_OR_QUERY: Final = re.compile(r"(?<=://)[^/\s@]+@|(?<=\S)\?[\w.-]+=\S*")
_TAG: Final = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def peer_message(body: Any, *secrets: str | None) -> str:
    """Return the message in a response's body: text, or parsed JSON of any usual shape.

    It has one line, and neither these secrets nor what looks like one.
    """
    if isinstance(body, str):
        try:
            body = lenient_json.loads(body)
        except ValueError:
            body = _TAG.sub(" ", body)
    return redact(": ".join(dict.fromkeys(_messages(body))), *secrets)


def redact(text: str, *secrets: str | None) -> str:
    """Return the text as one short line without secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    text = _USER_INFO_OR_QUERY.sub("…", _KEY.sub("…", text))
    line = "".join(c if c.isprintable() else " " for c in lenient_json.clean(text))
    line = " ".join(line.split())
    return line if len(line) <= _MAX_LENGTH else f"{line[:_MAX_LENGTH]}…"


def _messages(body: Any, depth: int = 5) -> Iterator[str]:
    """Yield the texts that say what is wrong: an error's code and message, a validator's places."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, list) and depth:
        for each in body[:3]:
            yield from _messages(each, depth - 1)
    elif isinstance(body, dict) and depth:
        if isinstance(where := body.get("loc"), list):
            yield ".".join(map(str, where))
        for name in ("code", "title", "error", "message", "msg", "detail", "error_description",
                     "errors", "metadata", "raw"):  # fmt: skip
            if each := body.get(name):
                yield from _messages(str(each) if isinstance(each, int) else each, depth - 1)
