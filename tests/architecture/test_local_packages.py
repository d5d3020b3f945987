"""The packages of `local/` build on each other in one direction."""

import pytest

from tests.architecture.import_graph import find_imports, find_modules

EQUIPMENT = {"cloud", "gateway", "devices", "git", "chain", "models"}
STACK = {"kit", *EQUIPMENT, "stack"}
ALLOWED = {
    "kit": {"kit"},
    **{each: {"kit", each} for each in EQUIPMENT},
    "stack": STACK,
    "sam_local": STACK | {"sam_local"},
}


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_package_imports_only_the_packages_below_it(package) -> None:
    modules = [name for name in find_modules() if name.startswith(f"local.{package}.")]

    imported = {
        each.split(".")[1]
        for name in modules
        for each in find_imports(name)
        if each.startswith("local.")
    }

    assert modules
    assert imported <= ALLOWED[package]


def test_every_package_has_its_place() -> None:
    packages = {name.split(".")[1] for name in find_modules() if name.startswith("local.")}

    assert packages == ALLOWED.keys()
