"""A repository of the developer's own: `make up REPO=/path/to/folder`."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dulwich.errors import NotGitRepository
from dulwich.refs import HEADREF, DiskRefsContainer
from dulwich.repo import Repo, UnsupportedExtension, UnsupportedVersion

from local.kit.errors import LocalStackError

BRANCHES: Final = b"refs/heads/"
REMOTE: Final = re.compile(r"\w+://|[\w.-]+@[\w.-]+:")
TAKEN: Final = "REPO takes a folder of this machine with a git repository, bare or with files"
ANEW: Final = "clone it anew with git's default format, and serve the clone"
ELSEWHERE: Final = (
    "a repository elsewhere needs no REPO: clone it here, or name its https URL as a project in"
    " .local/registry.yaml"
)


@dataclass(frozen=True)
class OwnRepository:
    """`git_folder`: where its branches and objects are; `branch`: the one that is checked out."""

    folder: Path
    git_folder: Path
    branch: str

    @property
    def name(self) -> str:
        """The last part of its URL."""
        return f"{re.sub(r'[^\w.-]', '-', self.folder.name.removesuffix('.git'))}.git"


def find_repository(text: str) -> OwnRepository:
    """Open the repository that REPO names.

    Raises:
        LocalStackError: It cannot be served; the text says what can.

    """
    if REMOTE.match(text):
        raise LocalStackError(f"REPO={text} is no folder. {TAKEN}; {ELSEWHERE}")
    folder = Path(text).expanduser().resolve()
    if not folder.is_dir():
        why = "is a file" if folder.exists() else "does not exist"
        raise LocalStackError(f"REPO={text} {why}. {TAKEN}")
    try:
        with Repo(folder) as repo:
            if refusal := next(find_obstacles(repo), None):
                raise LocalStackError(f"REPO={text} {refusal}")
            return OwnRepository(folder, Path(repo.commondir()).resolve(), find_branch(repo) or "")
    except NotGitRepository:
        raise LocalStackError(f"REPO={text} {describe_missing(folder)}. {TAKEN}") from None
    except (UnsupportedExtension, UnsupportedVersion) as error:
        raise LocalStackError(f"REPO={text} has an unknown format ({error}): {ANEW}") from None


def describe_missing(folder: Path) -> str:
    above = next((each for each in folder.parents if (each / ".git").exists()), None)
    return f"is inside a repository: use REPO={above}" if above else "has no git repository"


def find_obstacles(repo: Repo) -> Iterator[str]:
    """Yield why it cannot be served, and what to do."""
    config = repo.get_config()
    if not isinstance(repo.refs, DiskRefsContainer):
        yield f"has an unknown format (reftable): {ANEW}"
    if repo.object_format.name != "sha1":
        yield "has SHA-256 objects: only SHA-1, git's default, is taken"
    if repo.get_shallow():
        yield "is a shallow clone: fetch the rest with `git fetch --unshallow`"
    if any(config.get_boolean(section, b"promisor") for section in config.sections()):
        yield "is a partial clone: clone it again without --filter"
    if find_branch(repo) is None:
        yield "has no branch checked out: use `git switch BRANCH`"
    elif HEADREF not in repo.get_refs():
        yield "has no commit yet: commit something, which agents can then change"
    if not os.access(Path(repo.commondir()) / "objects", os.W_OK):
        yield "is not yours to write: agents push branches to it"


def find_branch(repo: Repo) -> str | None:
    """Return the branch that HEAD names, if any."""
    target = repo.refs.get_symrefs().get(HEADREF, b"")
    if not target.startswith(BRANCHES):
        return None
    return target.removeprefix(BRANCHES).decode(errors="surrogateescape")


def is_checked_out(git_folder: Path, ref: bytes) -> bool:
    """Whether a working tree has the branch: a push would change it below its files."""
    with Repo(git_folder) as repo:
        own = () if repo.get_config().get_boolean((b"core",), b"bare") else ("HEAD",)
    heads = [*own, *git_folder.glob("worktrees/*/HEAD")]
    return any((git_folder / head).read_bytes().strip() == b"ref: " + ref for head in heads)
