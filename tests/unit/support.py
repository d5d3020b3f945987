"""What tests of the use cases import."""

from collections.abc import Callable
from typing import Any, Final

from jobs.messaging.ports import Answer

AGENT_ID: Final = "11111111-1111-4111-8111-111111111111"


class Receipt:
    """A message's delivery: notes for how long it was held."""

    def __init__(self) -> None:
        self.held: list[int] = []

    def hold(self, seconds: int) -> None:
        self.held.append(seconds)


class Asked:
    """A provider that does what the test says."""

    def __init__(self, answer: Callable[[], Any] = lambda: Answer("Fine")) -> None:
        self.answer = answer
        self.questions: list[Any] = []

    def ask(self, agent: Any, question: Any) -> Any:
        self.questions.append(question)
        return self.answer()


def breaking(*errors: Exception | None, inside: Callable[..., Any]) -> Callable[..., Any]:
    """Raise these in turn, None letting a call through; then all get through."""
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
