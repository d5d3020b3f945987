"""The import rule: features import the core, which imports no feature."""

import pytest

from tests.architecture.import_graph import find_imports, find_modules

MODULES = [name for name in find_modules() if name.startswith("jobs.")]

BELOW_FEATURES = {"kit", "core", "auth"}
EXTENDS = {
    "agent_workers": "sessions",
    "admin": "missions",  # with partners, who have an identity of their own
    "payments": "messaging",
    "sessions": "messaging",
    "tracking": "missions",
}


def find_job_imports(module: str) -> list[list[str]]:
    """Return the modules below `jobs` that a module imports, each as the parts of its name."""
    return [name.split(".")[1:] for name in find_imports(module) if name.startswith("jobs.")]


def allowed_for(package: str) -> set[str]:
    match package:
        case "kit":
            return {"kit"}
        case "core" | "auth":
            return {"kit", "core", package}
        case _:
            extended = EXTENDS.get(package)
            return BELOW_FEATURES | {package} | (allowed_for(extended) if extended else set())


@pytest.mark.parametrize(
    "package", sorted({name.split(".")[1] for name in MODULES if name.count(".") > 1})
)
def test_package_imports_only_the_packages_below_it(package) -> None:
    violations = {
        f"{module}: {'.'.join(imported)}"
        for module in MODULES
        if module.split(".")[1:2] == [package]
        for imported in find_job_imports(module)
        if imported[0] not in allowed_for(package)
    }

    assert violations == set()


WIRINGS = {"wiring", "wiring_sqlite", "kinds", "adapters"}


def test_adapters_are_imported_only_by_wiring_and_other_adapters() -> None:
    violations = {
        f"{module}: {'.'.join(imported)}"
        for module in MODULES
        if not WIRINGS & {*module.split(".")}
        for imported in find_job_imports(module)
        if "adapters" in imported
    }

    assert violations == set()


def test_sqlite_is_imported_only_by_its_own_adapters() -> None:
    """No Lambda function loads it: their wirings name DynamoDB's adapters."""
    violations = {
        f"{module}: {'.'.join(imported)}"
        for module in MODULES
        if not any(map(is_of_sqlite, module.split(".")))
        for imported in find_job_imports(module)
        if any(map(is_of_sqlite, imported))
    }

    assert violations == set()


def is_of_sqlite(part: str) -> bool:
    return part.startswith("sqlite") or part == "wiring_sqlite"
