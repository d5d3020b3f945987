"""The repository's own modules, and the imports between them."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers", "functions", "client", "local", "scripts", "bench", "tests")


@cache
def find_modules() -> Mapping[str, Path]:
    """Return the file of each module, by the name that it is imported by."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    roots = [ROOT / each for each in config["tool"]["pytest"]["pythonpath"]]
    return {
        to_name(file, next(root for root in roots if file.is_relative_to(root))): file
        for folder in FOLDERS
        for file in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in file.parts
    }


def to_name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_imports(name: str) -> set[str]:
    """Return the repository's modules that a module imports, at its top or anywhere below.

    Imports for type checkers only count, too: a circle of types is as hard to read as any other.
    """
    modules = find_modules()
    tree = ast.parse(modules[name].read_text())
    return {each for node in ast.walk(tree) for each in _targets(node) if each in modules}


def _targets(node: ast.AST) -> Iterator[str]:
    """Yield the names that an import may refer to; ruff forbids relative imports."""
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(str(module), names):
            for alias in names:
                submodule = f"{module}.{alias.name}"
                yield submodule if submodule in find_modules() else module
