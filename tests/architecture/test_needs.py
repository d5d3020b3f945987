"""Lambda's init makes what the first call of each function needs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATHS = ":".join(str(ROOT / each) for each in ("functions", "layers/jobs", "layers/openapi"))

START_ALL = """
import importlib, sys
from jobs.kit import lambda_init

lambda_init.make_ahead = lambda needs: needs()  # hides no failure, and connects to nothing
for module in sys.argv[1:]:
    importlib.import_module(module)
"""
SET_BY_LAMBDA = {
    "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_LAMBDA_FUNCTION_NAME": "function", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
}  # fmt: skip


def find_uses(module: ast.Module) -> tuple[set[str], set[str]]:
    """Return the parts of wirings that a handler's functions use, and those that `needs` names."""
    wirings = dict(find_wirings(module))
    lambdas = [
        keyword.value
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "needs"
    ]
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    used = {part for node in functions for part in find_parts(node, wirings)}
    return used, {part for node in lambdas for part in find_parts(node, wirings)}


def find_wirings(module: ast.Module) -> Iterator[tuple[str, Any]]:
    """Yield the wirings that a module imports, by the names that it gives them."""
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                if name.name in {"kinds", "wiring"}:
                    found = getattr(__import__(node.module, fromlist=[name.name]), name.name)
                    yield name.asname or name.name, found


def find_parts(node: ast.AST, wirings: dict[str, Any]) -> Iterator[str]:
    """Yield each part that is made on first use, as `wiring.core.jobs`."""
    for each in ast.walk(node):
        names = ast.unparse(each).split(".") if isinstance(each, ast.Attribute) else [""]
        owner = wirings.get(names[0])
        for name in names[1:-1]:
            owner = vars(owner).get(name) if owner else None
        if owner and isinstance(getattr(type(owner), names[-1], None), cached_property):
            yield ".".join(names)


def test_handler_names_what_its_first_call_makes(handlers) -> None:
    missing = {}
    for handler in handlers:
        used, named = find_uses(ast.parse((ROOT / f"functions/{handler}.py").read_text()))
        if used - named:
            missing[handler] = used - named

    assert missing == {}, "name them in `needs`"


def test_init_can_make_the_needs_of_each_function(python_functions) -> None:
    """Lambda's init hides failures: only the first call would be slow."""
    variables = {
        name: "https://host.example/" if name.endswith("_URL") else "1"
        for each in python_functions.values()
        for name in each.get("Environment", {}).get("Variables", {})
    }
    modules = [each["Handler"].rpartition(".")[0] for each in python_functions.values()]

    started = subprocess.run(
        [sys.executable, "-c", START_ALL, *modules],
        env={"PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1", **SET_BY_LAMBDA, **variables},
        check=False,
        capture_output=True,
        text=True,
    )

    assert not started.returncode, started.stderr
