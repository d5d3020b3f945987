"""Load the functions of the deployment, by the names of their modules in `functions/`."""

from collections.abc import Callable
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_INSTALLED: Final = Path(__file__).with_name("functions")
_FOLDER: Final = _INSTALLED if _INSTALLED.exists() else Path(__file__).parents[3] / "functions"


def load_work(name: str) -> Callable[[Any], Any]:
    """Return the function beneath a module's `lambda_handler`."""
    work: Callable[[Any], Any] = load_module(name).lambda_handler.work
    return work


@cache
def load_module(name: str) -> ModuleType:
    """Load a module by its file: names such as `docs` are too common for `sys.path`."""
    path = _FOLDER.joinpath(*name.split(".")).with_suffix(".py")
    loader = SourceFileLoader(f"sortie_functions.{name}", str(path))
    module = module_from_spec(ModuleSpec(loader.name, loader, origin=loader.path))
    loader.exec_module(module)
    return module
