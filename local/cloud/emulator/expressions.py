"""A condition's grammar is checked once, and not for each item that the condition is held against.

Where lists are long and looked at often, that was a quarter of MiniStack's work.
"""

from functools import lru_cache

from ministack.services import dynamodb  # type: ignore[import-not-found]


def check_once() -> None:
    dynamodb._condition_syntax_error = lru_cache(dynamodb._condition_syntax_error)
