"""Read and change git trees."""

import stat
from collections.abc import Iterator
from typing import Final

from dulwich.object_store import commit_tree_changes
from dulwich.objects import S_ISGITLINK, Blob, ObjectID, ShaFile, Tree

from jobs.docs.adapters.git.remote import Store
from jobs.docs.errors import PathRefusedError

_REGULAR_FILE: Final = 0o100644

type Entry = tuple[int, ObjectID]
"""The mode and object id of a file."""


def find(store: Store, root: ObjectID, path: str) -> Entry | None:
    """Return the regular file at a path, or None.

    Raises `PathRefusedError` if the path or a part of it is something else.
    """
    *folders, name = path.encode().split(b"/")
    here = root
    for depth, folder in enumerate(folders):
        entry = _entry(store, here, folder)
        if entry is None:
            return None
        way = "/".join(path.split("/")[: depth + 1])
        if not stat.S_ISDIR(entry[0]):
            raise PathRefusedError(f"{way} is {_kind(entry[0])}, not a folder")
        here = entry[1]
    entry = _entry(store, here, name)
    if entry and not stat.S_ISREG(entry[0]):
        raise PathRefusedError(f"{path} is {_kind(entry[0])}, not a file")
    return entry


def put(store: Store, root: ObjectID, path: str, content: bytes) -> ObjectID:
    """Return the tree with this file content at a path. Raises like `find`."""
    blob = Blob.from_string(content)
    store.add_object(blob)
    before = find(store, root, path)
    return place(store, root, path, (before[0] if before else _REGULAR_FILE, blob.id))


def place(store: Store, root: ObjectID, path: str, entry: Entry | None) -> ObjectID:
    """Return the tree with an entry at a path, or without it if `entry` is None."""
    mode, blob = entry or (None, None)
    return commit_tree_changes(store, root, [(path.encode(), mode, blob)])


def walk(store: Store, root: ObjectID, prefix: str = "") -> Iterator[str]:
    """Yield the paths of all regular files, in order. Skips names that are not UTF-8."""
    for entry in _tree(store, root).iteritems():
        try:
            name = prefix + entry.path.decode()
        except UnicodeDecodeError:
            continue
        if stat.S_ISDIR(entry.mode):
            yield from walk(store, entry.sha, f"{name}/")
        elif stat.S_ISREG(entry.mode):
            yield name


def subtree(store: Store, root: ObjectID, folder: str) -> ObjectID | None:
    """Return a folder's tree, or None if there is no such folder."""
    here = root
    for part in folder.encode().split(b"/") if folder else []:
        entry = _entry(store, here, part)
        if entry is None or not stat.S_ISDIR(entry[0]):
            return None
        here = entry[1]
    return here


def new_objects(store: Store, root: ObjectID, base: ObjectID | None) -> Iterator[ShaFile]:
    """Yield the objects of a tree that differ from those at the same paths of another tree."""
    if root == base:
        return
    yield store[root]
    before = {each.path: each for each in _tree(store, base).iteritems()} if base else {}
    for entry in _tree(store, root).iteritems():
        old = before.get(entry.path)
        if stat.S_ISDIR(entry.mode):
            same_place = old.sha if old and stat.S_ISDIR(old.mode) else None
            yield from new_objects(store, entry.sha, same_place)
        elif old != entry and not S_ISGITLINK(entry.mode):
            yield store[entry.sha]


def _tree(store: Store, tree: ObjectID) -> Tree:
    found = store[tree]
    if not isinstance(found, Tree):
        raise TypeError("object is not a tree")
    return found


def _entry(store: Store, tree: ObjectID, name: bytes) -> Entry | None:
    try:
        return _tree(store, tree)[name]
    except KeyError:
        return None


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a file" if stat.S_ISREG(mode) else "a submodule"
