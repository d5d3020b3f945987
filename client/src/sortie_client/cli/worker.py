"""`sortie worker`."""

import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from sortie_client.errors import NotConfiguredError
from sortie_client.worker.worker import Worker


def worker(
    answer: Annotated[
        str,
        typer.Argument(metavar="MODULE:FUNCTION", help="The function, in a module of this folder."),
    ],
    *,
    agent: Annotated[list[str], typer.Option(help="The id of an agent to answer for; repeatable.")],
    concurrency: Annotated[int, typer.Option(min=1, help="Jobs at a time.")] = 4,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that running jobs have after SIGTERM or Ctrl-C.")
    ] = 30.0,
) -> None:
    """Answer an agent's messages with a function of your own.

    The key comes from SORTIE_WORKER_KEY. A second signal ends the grace: others get the jobs.
    """
    function = load(answer)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    Worker(function, agent, concurrency=concurrency, grace=grace).run()


def load(name: str) -> Callable[..., Any]:
    """Import `module:function`, also from the current folder. Raises `NotConfiguredError`."""
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise NotConfiguredError(f"{name!r} is not of the form module:function")
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise  # of another module, which this one imports
        raise NotConfiguredError(f"There is no module {module} in {folder}") from error
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise NotConfiguredError(f"{module} has no function {attribute}")
    function: Callable[..., Any] = found
    return function
