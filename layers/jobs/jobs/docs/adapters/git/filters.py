"""Files whose content git converts by a filter, such as Git LFS: the repository lacks it.

Filters run on the machines that have them, never here. A file written without its filter would be
broken in each clone, or readable where git-crypt should have encrypted it.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Final

from dulwich.attrs import (
    AttributeValue,
    Pattern,
    compile_gitattributes_patterns,
    match_path,
    parse_git_attributes,
)
from dulwich.objects import ObjectID

from jobs.docs.adapters.git.remote import Store
from jobs.docs.adapters.git.tree import find
from jobs.docs.errors import PathRefusedError

_ATTRIBUTES: Final = ".gitattributes"
_MAX_POINTER_BYTES: Final = 1024
_POINTERS: Final = (
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
)
"""https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the first line, the size."""


def is_lfs_pointer(content: bytes) -> bool:
    return (
        len(content) <= _MAX_POINTER_BYTES
        and content.startswith(_POINTERS)
        and b"\noid sha256:" in content
    )


def find_filter(store: Store, root: ObjectID, path: str) -> str | None:
    """Return the name of the filter that the repository's .gitattributes set for a path."""
    found = match_path(_patterns(store, root, path), path.encode()).get(b"filter")
    return found.decode(errors="replace") if isinstance(found, bytes) else None


def _patterns(
    store: Store, root: ObjectID, path: str
) -> Iterator[tuple[Pattern, Mapping[bytes, AttributeValue]]]:
    """Yield the patterns of the path's folders. Later ones take precedence: the deepest folder."""
    folders = path.split("/")[:-1]
    for depth in range(len(folders) + 1):
        base = "".join(f"{each}/" for each in folders[:depth])
        try:
            found = find(store, root, base + _ATTRIBUTES)
        except PathRefusedError:  # a symbolic link, which git ignores, or the folder is none
            continue
        if found:
            entries = parse_git_attributes(BytesIO(store[found[1]].as_raw_string()))
            yield from compile_gitattributes_patterns(entries, base=base.rstrip("/").encode())
