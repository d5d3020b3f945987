"""Every package may import only those that `docs/layout.md` lets it: features stand on the core."""

import ast
from pathlib import Path

import pytest

JOBS = Path(__file__).parents[2] / "layers/jobs/jobs"
MODULES = sorted(JOBS.rglob("*.py"))

BELOW_FEATURES = {"kit", "core", "auth"}
EXTENDS = {"sessions": "messaging", "payments": "messaging", "tracking": "missions"}
NAMES_EVERY_KIND = "kinds"


def imports_of(module: Path) -> set[str]:
    """Return the modules below `jobs` that a module imports, anywhere in it, as dotted names."""
    nodes = [*ast.walk(ast.parse(module.read_text()))]
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    named = {
        f"{n.module}.{alias.name}"
        for n in nodes
        if isinstance(n, ast.ImportFrom) and n.module
        for alias in n.names
    }
    return {name.removeprefix("jobs.") for name in plain | named if name.startswith("jobs.")}


def allowed_for(package: str) -> set[str]:
    match package:
        case "kit":
            return {"kit"}
        case "core" | "auth":
            return {"kit", "core", package}
        case _:
            return BELOW_FEATURES | {package, EXTENDS.get(package, package)}


@pytest.mark.parametrize(
    "package", sorted({m.relative_to(JOBS).parts[0] for m in MODULES if m.parent != JOBS})
)
def test_package_imports_only_what_it_stands_on(package) -> None:
    violations = {
        f"{module.relative_to(JOBS)}: {name}"
        for module in (JOBS / package).rglob("*.py")
        for name in imports_of(module)
        if name.split(".")[0] not in allowed_for(package)
    }

    assert violations == set()


def test_adapters_are_imported_only_by_wiring_and_other_adapters() -> None:
    violations = {
        f"{module.relative_to(JOBS)}: {name}"
        for module in MODULES
        if module.name not in {"wiring.py", "kinds.py"} and "adapters" not in module.parts
        for name in imports_of(module)
        if "adapters" in name.split(".")
    }

    assert violations == set()
