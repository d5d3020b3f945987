"""Helpers for tests of use cases."""

from collections.abc import Callable
from typing import Any, Final

from jobs.messaging.ports import Answer

AGENT_ID: Final = "11111111-1111-4111-8111-111111111111"


class Receipt:
    """A message's delivery; records for how long it was held."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.held: list[int] = []

    def hold(self, seconds: int) -> None:
        self.held.append(seconds)


class FakeProvider:
    """A scripted provider."""

    def __init__(self, answer: Callable[[], Any] = lambda: Answer("Fine")) -> None:
        self.answer = answer
        self.questions: list[Any] = []

    def ask(self, agent: Any, question: Any) -> Any:
        self.questions.append(question)
        return self.answer()


def failing_with(*errors: Exception | None, inside: Callable[..., Any]) -> Callable[..., Any]:
    """Raise these errors in turn (None: call through), then call through."""
    left = iter(errors)

    def call(*args: Any, **kwargs: Any) -> Any:
        if error := next(left, None):
            raise error
        return inside(*args, **kwargs)

    return call


def raising(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer
