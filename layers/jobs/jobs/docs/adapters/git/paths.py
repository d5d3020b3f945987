"""Validate the paths that a documentation agent uses."""

import re
import unicodedata
from typing import Final

from jobs.docs.errors import PathRefusedError

_MAX_PATH_BYTES: Final = 1000
_MAX_PART_BYTES: Final = 255
"""Bytes of UTF-8, as file systems count."""

_REFUSED_CATEGORIES: Final = {"Cc", "Cs"}
"""Control characters and surrogates. Other invisible characters are part of ordinary names: Persian
words and emoji have joiners (Cf), Japanese names wide spaces (Zs)."""

# Names that Windows (short names, streams) and macOS (case) resolve to .git.
_GIT: Final = re.compile(r"(?:\.git|git~\d+) *(?::.*)?", re.IGNORECASE)

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: also with an extension.
_RESERVED: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³]) *(?:\..*)?", re.IGNORECASE
)
_NOT_ON_WINDOWS: Final = '<>:"|?*'


def check_path(path: str, folder: str) -> str:
    """Return the path of a file if it is below the project's folder.

    Raises `PathRefusedError`. Its message tells the model the reason.
    """
    parts = path.split("/")
    if any(unicodedata.category(each) in _REFUSED_CATEGORIES for each in path):
        raise PathRefusedError("The path contains control characters")
    if "\\" in path or path.startswith("/") or re.match(r"[A-Za-z]:", path):
        raise PathRefusedError(f"{path} is not a path from the top of the repository, with /")
    if any(not part or part[-1] in ". " for part in parts):  # `.`, `..`, what Windows cuts off
        raise PathRefusedError(f"{path} has a part that is empty or ends with a dot or a space")
    if any(_GIT.fullmatch(_without_ignored(part)) for part in parts):
        raise PathRefusedError(f"{path} belongs to git itself")
    if len(path.encode()) > _MAX_PATH_BYTES:
        raise PathRefusedError(f"The path is longer than {_MAX_PATH_BYTES} bytes of UTF-8")
    if any(len(part.encode()) > _MAX_PART_BYTES for part in parts):
        raise PathRefusedError(
            f"The path has a name that is longer than {_MAX_PART_BYTES} bytes of UTF-8"
        )
    if not is_below(path, folder):
        raise PathRefusedError(f"{path} is outside of the documentation's folder, {folder}/")
    return path


def check_portable(name: str) -> None:
    """Raises `PathRefusedError` if Windows cannot create a file or folder of this name."""
    if _RESERVED.fullmatch(name):
        raise PathRefusedError(f"{name} is a reserved name on Windows. Choose another name")
    if not set(_NOT_ON_WINDOWS).isdisjoint(name):
        raise PathRefusedError(
            f"{name} has one of the characters {' '.join(_NOT_ON_WINDOWS)}, which names on Windows"
            " cannot have. Choose another name"
        )


def check_visible(path: str, folder: str) -> None:
    """Raises `PathRefusedError` if a part below the project's folder begins with a dot."""
    below = path.removeprefix(folder.strip("/"))
    if any(_without_ignored(part).startswith(".") for part in below.split("/")):
        raise PathRefusedError(f"{path} is hidden, and this project does not allow to change it")


def is_below(path: str, folder: str) -> bool:
    """Return whether a path is below a folder. The empty folder is the whole repository."""
    top = folder.strip("/")
    return not top or path.startswith(f"{top}/")


def fold(name: str) -> str:
    """Return the form of a name that file systems compare which ignore case and normalization."""
    return normalize(unicodedata.normalize("NFD", name).casefold())


def normalize(name: str) -> str:
    """Return the same name for all Unicode normalization forms of it: macOS takes them for one."""
    return unicodedata.normalize("NFC", name)


def _without_ignored(name: str) -> str:
    """Return a name without the invisible characters that HFS+ of macOS ignores."""
    return "".join(each for each in name if unicodedata.category(each) != "Cf")
