"""Read and change git trees."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from dulwich.object_store import commit_tree_changes
from dulwich.objects import S_ISGITLINK, Blob, ObjectID, ShaFile, Tree

from jobs.docs.adapters.git.paths import check_portable, fold, normalize
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


def resolve(store: Store, root: ObjectID, path: str) -> str:
    """Return a path as the repository spells it.

    Models write é as one character, where the names of files from macOS may have two.
    """
    way, missing = _follow(store, root, path)
    return "/".join([*way, *missing])


def check_new(store: Store, root: ObjectID, path: str) -> None:
    """Raises `PathRefusedError` if a new file could not be checked out on every file system."""
    way, missing = _follow(store, root, path)
    for name in missing:
        check_portable(name)
    folder = subtree(store, root, "/".join(way))
    if folder is None or not missing:
        return
    for name in _names(store, folder):
        if fold(name) == fold(missing[0]):
            twin = "/".join([*way, name])
            raise PathRefusedError(
                f"{twin} exists, which Windows and macOS take for the same name as"
                f" {'/'.join([*way, missing[0]])}. Use {twin}, or another name"
            )


def _follow(store: Store, root: ObjectID, path: str) -> tuple[list[str], list[str]]:
    """Return the parts of a path that exist, in the repository's spelling, and the others."""
    way: list[str] = []
    parts = path.split("/")
    here: ObjectID | None = root
    while parts and here:
        entry, name = _entry(store, here, parts[0].encode()), parts[0]
        if entry is None:
            spelled = (each for each in _names(store, here) if normalize(each) == normalize(name))
            name = next(spelled, "")
            entry = _entry(store, here, name.encode()) if name else None
        if entry is None:
            break
        way.append(name)
        parts = parts[1:]
        here = entry[1] if stat.S_ISDIR(entry[0]) else None
    return way, parts


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


def _names(store: Store, tree: ObjectID) -> Iterator[str]:
    """Yield the names in a folder that are UTF-8."""
    for entry in _tree(store, tree).iteritems():
        with suppress(UnicodeDecodeError):
            yield entry.path.decode()


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
