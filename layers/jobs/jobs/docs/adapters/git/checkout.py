"""A branch with unpushed changes. `check_path` validates every path from outside."""

from collections.abc import Iterator, Mapping
from typing import Final

from dulwich.objects import Commit, ObjectID

from jobs.docs.adapters.git.filters import find_filter, is_lfs_pointer
from jobs.docs.adapters.git.paths import check_path, check_visible
from jobs.docs.adapters.git.remote import MovedError, RemoteBranch, Start, Store
from jobs.docs.adapters.git.tree import (
    Entry,
    check_new,
    find,
    new_objects,
    place,
    put,
    resolve,
    subtree,
    walk,
)
from jobs.docs.docs_job import Project
from jobs.docs.errors import PathRefusedError
from jobs.kit.clock import Clock
from jobs.kit.errors import FailureClass, UpstreamError

MAX_FILE_BYTES: Final = 2**20
MAX_CHANGED_FILES: Final = 200
MAX_WRITTEN_BYTES: Final = 10 * 2**20
_LFS: Final = (
    "{} is in Git LFS: the repository has only a pointer to its content, which cannot be read or"
    " written here"
)
_AUTHOR: Final = b"Documentation agent <docs-agent@sortie.invalid>"


class GitCheckout:
    _start: Start
    _base_tree: ObjectID
    _tree: ObjectID
    _sizes: Mapping[str, int]
    """Size in bytes of each changed file by its path; 0 for a deleted file."""

    def __init__(
        self, remote: RemoteBranch, store: Store, start: Start, *, project: Project, clock: Clock
    ) -> None:
        self._remote, self._store, self._clock = remote, store, clock
        self._folder = project.folder.strip("/")
        self._changes_hidden = project.allows_hidden_files
        self.default_branch = start.default_name
        self._start_at(start)

    def files(self, folder: str = "") -> Iterator[str]:
        """Yield the regular files below a folder, in order. The default is the project's folder."""
        top = folder.strip("/")
        if top and top != self._folder:
            check_path(top, self._folder)
        top = resolve(self._store, self._tree, top) if top else self._folder
        tree = subtree(self._store, self._tree, top)
        for path in walk(self._store, tree, f"{top}/" if top else "") if tree else ():
            try:
                yield check_path(path, self._folder)
            except PathRefusedError:
                continue  # in the repository, but not for the agent

    def read(self, path: str) -> bytes:
        """Return a file's content. Raises `FileNotFoundError`, `PathRefusedError`."""
        return self._read(check_path(path, self._folder))

    def read_anywhere(self, path: str) -> bytes:
        """Read a file, also outside of the project's folder. Raises as `read` does."""
        return self._read(check_path(path, ""))

    def _read(self, path: str) -> bytes:
        path, blob = self._find(path)
        content = self._store[blob].as_raw_string()
        if len(content) > MAX_FILE_BYTES:
            raise PathRefusedError(f"{path} is larger than 1 MB")
        if is_lfs_pointer(content):
            raise PathRefusedError(_LFS.format(path))
        return content

    def write(self, path: str, content: bytes) -> None:
        """Raises `PathRefusedError`."""
        path = self._resolve(path)
        found = find(self._store, self._tree, path)
        self._check_change(path)
        if found is None:
            check_new(self._store, self._tree, path)
        elif is_lfs_pointer(self._store[found[1]].as_raw_string()):
            raise PathRefusedError(_LFS.format(path))
        if name := find_filter(self._store, self._tree, path):
            raise PathRefusedError(
                f"{path} belongs to the filter {name} (.gitattributes), which does not run here."
                " It cannot be written here"
            )
        if len(content) > MAX_FILE_BYTES:
            raise PathRefusedError(f"{path} would be larger than 1 MB")
        self._note(path, len(content))
        self._tree = put(self._store, self._tree, path, content)

    def delete(self, path: str) -> None:
        """Raises `FileNotFoundError`, `PathRefusedError`."""
        path, _ = self._find(check_path(path, self._folder))
        self._check_change(path)
        self._note(path, 0)
        self._tree = place(self._store, self._tree, path, None)

    def changed(self) -> bool:
        return self._tree != self._base_tree

    def exists(self) -> bool:
        """Return whether the git host has the branch."""
        return self._start.tip is not None

    def published(self) -> bool:
        """Return whether the git host has the branch, and it differs from the default branch."""
        return self._start.tip not in {None, self._start.default}

    def push(self, message: str) -> str:
        """Commit and push. Rebase once if the branch has moved. Return the commit's id.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """
        try:
            return self._push(message)
        except MovedError:
            self._rebase()
        if not self.changed():  # the branch already has all changes
            return self._start.base.decode()
        try:
            return self._push(message)
        except MovedError:
            raise UpstreamError(
                "The branch keeps changing; nothing was pushed", FailureClass.REFUSED
            ) from None

    def _push(self, message: str) -> str:
        commit = self._commit(message)
        new = [commit, *new_objects(self._store, self._tree, self._base_tree)]
        self._remote.push(commit.id, new, over=self._start.tip)
        self._start_at(Start(base=commit.id, tip=commit.id))
        return commit.id.decode()

    def _commit(self, message: str) -> Commit:
        commit = Commit()
        commit.tree, commit.parents = self._tree, [self._start.base]
        commit.author = commit.committer = _AUTHOR
        commit.author_time = commit.commit_time = self._clock() // 1000
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = message.strip().encode() + b"\n"
        self._store.add_object(commit)
        return commit

    def _rebase(self) -> None:
        """Apply our changes to the current branch. Skip those that it already has."""
        theirs = self._remote.fetch(self._store)
        if theirs is None:
            raise UpstreamError("The branch was deleted meanwhile", FailureClass.NOT_FOUND)
        ours, before, changed = self._tree, self._base_tree, self._sizes
        self._start_at(theirs)
        for path in changed:
            wanted, found = find(self._store, ours, path), self._find_entry(path)
            if wanted == found:
                continue
            if found != find(self._store, before, path):
                raise UpstreamError(
                    f"Somebody else has changed {path} on the branch", FailureClass.REFUSED
                )
            if found is None:
                self._check_new(path)
            self._tree = place(self._store, self._tree, path, wanted)

    def _check_new(self, path: str) -> None:
        try:
            check_new(self._store, self._tree, path)
        except PathRefusedError as error:  # somebody else has added a file meanwhile
            raise UpstreamError(str(error), FailureClass.REFUSED) from error

    def _find_entry(self, path: str) -> Entry | str | None:
        try:
            return find(self._store, self._tree, path)
        except PathRefusedError:
            return "something else"

    def _start_at(self, start: Start) -> None:
        commit = self._store[start.base]
        if not isinstance(commit, Commit):
            raise UpstreamError("The branch holds no commit", FailureClass.BAD_ANSWER)
        self._start = start
        self._base_tree = commit.tree
        self._tree = commit.tree
        self._sizes = {}

    def _resolve(self, path: str) -> str:
        return resolve(self._store, self._tree, check_path(path, self._folder))

    def _find(self, path: str) -> tuple[str, ObjectID]:
        """Return the path of a checked one as the repository spells it, and its object."""
        path = resolve(self._store, self._tree, path)
        found = find(self._store, self._tree, path)
        if found is None:
            raise FileNotFoundError(path)
        return path, found[1]

    def _check_change(self, path: str) -> None:
        if not self._changes_hidden:
            check_visible(path, self._folder)

    def _note(self, path: str, size: int) -> None:
        sizes = {**self._sizes, path: size}
        if len(sizes) > MAX_CHANGED_FILES:
            raise PathRefusedError(f"A job may change at most {MAX_CHANGED_FILES} files")
        if sum(sizes.values()) > MAX_WRITTEN_BYTES:
            raise PathRefusedError("A job may write at most 10 MB")
        self._sizes = sizes
