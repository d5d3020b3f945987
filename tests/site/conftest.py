"""The documentation, built as `make docs` builds it."""

import os
import subprocess
from pathlib import Path

import pytest

from local.kit.paths import ROOT, TOOLS
from tests.conftest import missing

PYTHON = TOOLS / "docs/bin/python"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not PYTHON.exists():
        missing("MkDocs is not installed: make .tools/docs/.ready")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [PYTHON, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder
