"""Chat completions of an OpenAI-compatible endpoint, with what differs between endpoints."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.kit.clock import Millis
from jobs.kit.llm.completion import Completion, CompletionReader
from jobs.kit.llm.failures import to_failure
from jobs.kit.outbound.sse import EventStream, PeerError

_UNPROCESSABLE: Final = frozenset({400, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """`optional` are fields without which the request means the same. `tools` are their names."""

    fields: Mapping[str, Any]
    optional: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    tools: Collection[str] = ()


class ChatEndpoint:
    """`settings`: `baseUrl` (with `/v1`), `parameters?` (sent unchanged), `omit?` (names of fields
    that the endpoint does not take).

    An optional field that the endpoint refuses by name is left out from then on.
    """

    def __init__(self, stream: EventStream, settings: Mapping[str, Any], key: str | None) -> None:
        self._stream = stream
        self._url = f"{settings['baseUrl'].rstrip('/')}/chat/completions"
        self._parameters = settings.get("parameters") or {}
        self._key = key
        self._left_out = set(settings.get("omit") or ())

    def complete(
        self,
        request: ChatRequest,
        *,
        deadline: Millis,
        emit_text: Callable[[str], None] = lambda _: None,
    ) -> Completion:
        """Return the answer. Stream its text to `emit_text`. Raises `UpstreamError`."""
        streamed = False

        def emit(text: str) -> None:
            nonlocal streamed
            if text:
                streamed = True
                emit_text(text)

        def attempt() -> Completion:
            while True:
                try:
                    return self._ask(request, emit, deadline)
                except PeerError as error:
                    refused = self._refused_fields(error, request.optional)
                    if streamed or not refused:
                        raise to_failure(error, self._key) from None
                    self._left_out |= refused

        return self._stream.retry(attempt, repeatable=lambda: not streamed, deadline=deadline)

    def _ask(
        self, request: ChatRequest, emit: Callable[[str], None], deadline: Millis
    ) -> Completion:
        fields = {**self._parameters, **request.optional}
        kept = {name: each for name, each in fields.items() if name not in self._left_out}
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        reader = CompletionReader(request.tools)
        for event in self._stream.post(
            self._url,
            headers={**request.headers, **key},
            body={**kept, **request.fields},
            deadline=deadline,
        ):
            emit(reader.take(event))
            if reader.is_done:
                break
        emit(reader.end())
        return reader.completion()

    def _refused_fields(self, error: PeerError, optional: Collection[str]) -> set[str]:
        """Return the optional fields that the endpoint refuses by name."""
        if error.status not in _UNPROCESSABLE:
            return set()
        return set(re.findall(r"\w+", error.body)) & (set(optional) - self._left_out)
