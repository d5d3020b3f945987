"""Check a condition expression once: before the first item, instead of once for each item.

The grammar checks were a quarter of MiniStack's CPU time wherever long lists are read often.
Without an item, a query could name reserved words.
"""

from functools import lru_cache
from typing import Any

from ministack.services import dynamodb  # type: ignore[import-not-found]


def cache_syntax_checks() -> None:
    dynamodb._condition_syntax_error = lru_cache(dynamodb._condition_syntax_error)


def refuse_reserved_words() -> None:
    check_parentheses = dynamodb._check_redundant_parens

    def check(tokens: Any, slot: str = "ConditionExpression") -> Any:
        reserved = slot == "FilterExpression" and dynamodb._check_reserved_keyword_usage(tokens)
        return check_parentheses(tokens, slot) or reserved or None

    dynamodb._check_redundant_parens = check
