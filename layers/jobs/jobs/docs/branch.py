"""Names of git branches that may be written to."""

import re
from typing import Final

LONGEST: Final = 200
"""Bytes of UTF-8: a host keeps each part of the name as a file's name."""

# git check-ref-format, and what would be read as something else where git takes a name.
_REFUSED: Final = re.compile(
    r"""
      [ ~^:?*\[\\]              # revisions, patterns, escapes
    | \.\. | @\{ | //           # ranges, reflogs, parts without a name
    | (?:^|/)\.                 # hidden files
    | \.lock(?:/|$) | \.$ | ^/ | /$
    | ^- | ^refs/               # options, names that are whole already
    | ^(?:@|HEAD)$
    """,
    re.VERBOSE,
)


def valid_branch(name: str) -> bool:
    """Tell whether git and hosts take this as a branch's name, as it is and for nothing else."""
    return (
        name.isprintable()  # and so without half characters
        and 0 < len(name.encode()) <= LONGEST
        and not _REFUSED.search(name)
    )
