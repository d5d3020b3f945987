"""A condition's grammar is checked once, and not for each item that the condition is held against.

Of all that MiniStack does in a longer run, a quarter was this.
"""

from functools import lru_cache

from ministack.services import dynamodb  # type: ignore[import-not-found]


def check_once() -> None:
    dynamodb._condition_syntax_error = lru_cache(dynamodb._condition_syntax_error)
