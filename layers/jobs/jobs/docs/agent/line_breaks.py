"""Change text files as people mean it: line breaks and a byte order mark remain the file's own.

Models write line feeds, whatever a file has.
"""

import re
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from itertools import chain, zip_longest
from typing import Final

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_BYTE_ORDER_MARK: Final = "\ufeff"


def split_lines(text: str) -> Sequence[str]:
    """Return the lines with their breaks, as editors count them (`str.splitlines` splits more)."""
    return list(StringIO(text, newline=""))


def rewrite(before: str, content: str) -> str:
    """Return new content for a file, with its line breaks. `before` is empty for a new file."""
    (mark, body), (new_mark, new_body) = _split_mark(before), _split_mark(content)
    return (mark or new_mark) + _BREAK.sub(_usual(_BREAK.findall(body)), new_body)


def count_text(text: str, part: str) -> int:
    """Return how often a part occurs, whatever its line breaks are."""
    wanted = _plain(_split_mark(part)[1])
    return _plain(text).count(wanted) if wanted else 0


def replace_text(before: str, old: str, new: str) -> str:
    """Replace the first occurrence of `old`. All other line breaks remain, also mixed ones."""
    mark, body = _split_mark(before)
    text, old, new = (_plain(each) for each in (body, _split_mark(old)[1], _split_mark(new)[1]))
    breaks = _BREAK.findall(body)
    first = text.count("\n", 0, text.index(old))
    replaced = slice(first, first + old.count("\n"))
    own, added = breaks[replaced], new.count("\n")
    breaks[replaced] = [*own, *[_usual(own or breaks)] * added][:added]
    lines = text.replace(old, new, 1).split("\n")
    return mark + "".join(chain.from_iterable(zip_longest(lines, breaks, fillvalue="")))


def _split_mark(text: str) -> tuple[str, str]:
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    return mark, text.removeprefix(mark)


def _plain(text: str) -> str:
    return _BREAK.sub("\n", text)


def _usual(breaks: Sequence[str]) -> str:
    return Counter(breaks).most_common(1)[0][0] if breaks else "\n"
