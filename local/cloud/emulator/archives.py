"""Unpack code and layers once, instead of once for each instance of each function.

MiniStack unpacks all archives of a function whenever one of its processes starts. That is two
thousand files: most of a cold start, and gigabytes in a longer run.
"""

import os
import tempfile
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final, override
from zipfile import ZipFile, ZipInfo

from ministack.core import lambda_runtime  # type: ignore[import-not-found]

_UNPACKING: Final = Lock()


def share_unpacked_archives() -> None:
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": SharedZipFile})


class SharedZipFile(ZipFile):
    """Unpacks into a shared folder, and links the target to it."""

    @override
    def namelist(self) -> list[str]:
        """Return nothing: MiniStack need not check paths, as `ZipFile` unpacks none outside."""
        return []

    @override
    def extractall(
        self,
        path: str | os.PathLike[str] | None = None,
        members: Iterable[str | ZipInfo] | None = None,
        pwd: bytes | None = None,
    ) -> None:
        target = Path(path or os.curdir)
        with _UNPACKING:
            shared = self._unpack(members, pwd)
        target.rmdir()
        target.symlink_to(shared)
        Path(str(self.filename)).unlink()

    def _unpack(self, members: Any, pwd: bytes | None) -> Path:
        infos = self.infolist()
        content = "".join(f"{each.filename} {each.CRC} {each.file_size}\n" for each in infos)
        shared = Path(tempfile.gettempdir(), f"unpacked-{sha256(content.encode()).hexdigest()}")
        if not shared.exists():
            partial = Path(tempfile.mkdtemp())
            super().extractall(partial, members or infos, pwd)
            partial.rename(shared)
        return shared
