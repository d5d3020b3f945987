"""Digests of the local stack's parts with their tests: an equal digest means an unchanged part."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = Path(__file__).parent
RECORD: Final = TESTS / "digests.json"
IGNORED_FOLDERS: Final = {"node_modules", "__pycache__"}

# The sources of each part. Its tests, and the files beside this one, count for it, too.
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "chain": ("local/kit", "local/chain", "requirements/chain.txt"),
    "cloud": ("local/kit", "local/cloud", "requirements/ministack.txt"),
    "devices": ("local/kit", "local/devices", "local/stack/docks.py", "requirements/local.txt"),
    "gateway": ("local/kit", "local/gateway", "requirements/local.txt"),
    "git": ("local/kit", "local/git", "requirements/local.txt"),
    "sam_local": ("local/sam_local", "requirements/sam.txt"),
    "stack": (
        *("local", "Makefile", "requirements/local.txt"),
        *("requirements/ministack.txt", "requirements/model.txt", "requirements/server.txt"),
    ),
}


def find_changed_parts() -> set[str]:
    """Return the parts that differ from the last recorded run of their tests."""
    recorded = read_record()
    return {part for part in SOURCES if compute_digest(part) != recorded.get(part)}


def compute_digest(part: str) -> str:
    own_tests = [TESTS / part, *TESTS.glob("*.py")]
    digest = hashlib.sha256()
    for file in list_files([*own_tests, *(ROOT / each for each in SOURCES[part])]):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def list_files(paths: Iterable[Path]) -> list[Path]:
    return sorted({file for path in paths for file in _walk(path)})


def _walk(path: Path) -> Iterator[Path]:
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file() and not IGNORED_FOLDERS & {*file.parts}:
            yield file


def read_record() -> dict[str, str]:
    record: dict[str, str] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return record


def write_record(digests: Mapping[str, str]) -> None:
    """Record these parts' digests; keep those of other parts."""
    record = {part: each for part, each in read_record().items() if part in SOURCES} | {**digests}
    RECORD.write_text(json.dumps(dict(sorted(record.items())), indent=2) + "\n")
