"""Paths inside the repository."""

import sys
from pathlib import Path

from local.kit.errors import LocalStackError

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
BUILT = ROOT / ".aws-sam"

# `sam build` needs the interpreter itself first on PATH, not the virtual environment's link to it.
PYTHON = Path(sys.base_prefix) / "bin" / "python3.13"


def find_tool(name: str) -> Path:
    """Return the path of an installed tool.

    Raises:
        LocalStackError: It is not installed.

    """
    path = TOOLS / name
    if not path.exists():
        raise LocalStackError(f"{path} is missing: run `make up` or `make test` to install it")
    return path
