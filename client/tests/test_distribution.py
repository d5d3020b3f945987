"""The wheel contains the whole package, its types and its command."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from sortie_client.client import VERSION

CLIENT = Path(__file__).parents[1]
PACKAGE = CLIENT / "src/sortie_client"


def test_wheel_contains_modules_types_and_command(tmp_path) -> None:
    """Build it as `python -m build` does, from the source distribution."""
    hatchling = [sys.executable, "-m", "hatchling", "build", "--directory", tmp_path]
    subprocess.run([*hatchling, "--target", "sdist"], cwd=CLIENT, check=True, capture_output=True)
    subprocess.run(["tar", "xf", *tmp_path.glob("*.tar.gz")], cwd=tmp_path, check=True)
    [source] = tmp_path.glob("sortie_client-*/")
    subprocess.run([*hatchling, "--target", "wheel"], cwd=source, check=True, capture_output=True)

    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"sortie_client-{VERSION}.dist-info/METADATA").decode()
        commands = archive.read(f"sortie_client-{VERSION}.dist-info/entry_points.txt").decode()

    modules = {str(each.relative_to(PACKAGE.parent)) for each in PACKAGE.rglob("*.py")}
    assert {*modules, "sortie_client/py.typed"} <= names
    assert not [name for name in names if "test" in name]
    assert "sortie = sortie_client.cli.__main__:main" in commands
    assert "# sortie-client" in metadata
    assert "Requires-Dist: httpx>=0.28" in metadata
