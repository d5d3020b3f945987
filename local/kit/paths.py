"""Where things are, seen from the repository."""

import sys
from pathlib import Path

from local.kit.errors import LocalStackError

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
BUILT = ROOT / ".aws-sam"

# A virtual environment's python knows the real one, which `sam build` wants first on PATH.
PYTHON = Path(sys.base_prefix) / "bin" / "python3.13"


def tool(name: str) -> Path:
    path = TOOLS / name
    if not path.exists():
        raise LocalStackError(f"{path} is missing; `make up` and `make test` install it")
    return path
