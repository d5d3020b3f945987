"""The tokens of a language model."""

from dataclasses import dataclass
from typing import Any, Final, Self

_MAX_COUNT: Final = 10**9
"""More in one answer is an error of the provider."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that a model read and wrote, as its provider counts them."""

    read: int = 0
    written: int = 0

    @classmethod
    def parse(cls, read: object, written: object) -> Self:
        """Return a provider's counts; a missing or invalid one is 0."""
        return cls(_count(read), _count(written))

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.read + other.read, self.written + other.written)


NO_TOKENS: Final = Tokens()


def _count(value: Any) -> int:
    valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT
    return value if valid else 0
