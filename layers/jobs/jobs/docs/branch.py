"""Validate names of git branches."""

import re
from typing import Final

MAX_BRANCH_BYTES: Final = 200
"""In UTF-8: git hosts store each part of the name as a file name."""

# The rules of git check-ref-format, and names that git would interpret as something else.
_REFUSED: Final = re.compile(
    r"""
      [ ~^:?*\[\\]              # revisions, patterns, escapes
    | \.\. | @\{ | //           # ranges, reflogs, empty parts
    | (?:^|/)\.                 # hidden files
    | \.lock(?:/|$) | \.$ | ^/ | /$
    | ^- | ^refs/               # options, full reference names
    | ^(?:@|HEAD)$
    """,
    re.VERBOSE,
)


def is_valid_branch(name: str) -> bool:
    """Return whether git and its hosts accept the name and read it as a branch."""
    return (
        name.isprintable()  # also excludes surrogates
        and 0 < len(name.encode()) <= MAX_BRANCH_BYTES
        and not _REFUSED.search(name)
    )
