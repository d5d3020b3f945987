"""Code and layers are unpacked once, and not for each instance of each function.

MiniStack unpacks all of a function's archives whenever one of its processes starts: two thousand
files, which is most of a cold start and makes gigabytes of a longer run.
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


def unpack_once() -> None:
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": SharedZipFile})


class SharedZipFile(ZipFile):
    """Where it is to be unpacked, there will be a link to what is in it."""

    @override
    def namelist(self) -> list[str]:
        """Nothing, to somebody who means to look at each path: `ZipFile` unpacks none outside."""
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
            shared = self._shared(members, pwd)
        target.rmdir()
        target.symlink_to(shared)
        Path(str(self.filename)).unlink()

    def _shared(self, members: Any, pwd: bytes | None) -> Path:
        infos = self.infolist()
        content = "".join(f"{each.filename} {each.CRC} {each.file_size}\n" for each in infos)
        shared = Path(tempfile.gettempdir(), f"unpacked-{sha256(content.encode()).hexdigest()}")
        if not shared.exists():
            begun = Path(tempfile.mkdtemp())
            super().extractall(begun, members or infos, pwd)
            begun.rename(shared)
        return shared
