"""Validate the paths that a documentation agent uses."""

import re
from typing import Final

from jobs.docs.errors import PathRefusedError

_MAX_PATH_BYTES: Final = 1000
_MAX_PART_BYTES: Final = 255
"""Bytes of UTF-8, as file systems count."""

# Names that Windows (short names, streams) and macOS (case) resolve to .git.
_GIT: Final = re.compile(r"(?:\.git|git~\d+) *(?::.*)?", re.IGNORECASE)


def check_path(path: str, folder: str) -> str:
    """Return the path of a file if it is below the project's folder.

    Raises `PathRefusedError`. Its message tells the model the reason.
    """
    parts = path.split("/")
    if not path.isprintable():  # excludes characters that macOS ignores, and surrogates
        raise PathRefusedError("The path contains characters that no file's name has")
    if "\\" in path or path.startswith("/") or re.match(r"[A-Za-z]:", path):
        raise PathRefusedError(f"{path} is not a path from the top of the repository, with /")
    if any(not part or part[-1] in ". " for part in parts):  # `.`, `..`, what Windows cuts off
        raise PathRefusedError(f"{path} has a part that is empty or ends with a dot or a space")
    if any(_GIT.fullmatch(part) for part in parts):
        raise PathRefusedError(f"{path} belongs to git itself")
    if len(path.encode()) > _MAX_PATH_BYTES or any(
        len(p.encode()) > _MAX_PART_BYTES for p in parts
    ):
        raise PathRefusedError("The path is too long")
    if not is_below(path, folder):
        raise PathRefusedError(f"{path} is outside of the documentation's folder, {folder}/")
    return path


def check_visible(path: str, folder: str) -> None:
    """Raises `PathRefusedError` if a part below the project's folder begins with a dot."""
    below = path.removeprefix(folder.strip("/"))
    if any(part.startswith(".") for part in below.split("/")):
        raise PathRefusedError(f"{path} is hidden, and this project does not allow to change it")


def is_below(path: str, folder: str) -> bool:
    """Return whether a path is below a folder. The empty folder is the whole repository."""
    top = folder.strip("/")
    return not top or path.startswith(f"{top}/")
