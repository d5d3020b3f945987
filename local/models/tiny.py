"""`MODEL=tiny`: a small model and its server, both from Python packages, on the loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path

from local.kit.network import find_free_port, get
from local.kit.paths import ROOT, find_tool
from local.kit.process import Process
from local.models.model import Model


@contextmanager
def run_tiny(model: Model, folder: Path) -> Iterator[Model]:
    """Serve it until the end of the block. It ends with this process, however that ends.

    Raises:
        LocalStackError: It is not installed, or does not start.

    """
    port = find_free_port()
    base_url = f"http://127.0.0.1:{port}/v1"
    with Process(
        "the model",
        [
            *(find_tool("model/bin/python"), "-m", "local.models.tiny_server"),
            *(str(port), model.name),
        ],
        env={"PYTHONPATH": str(ROOT)},
        log=folder / "model.log",
    ) as process:
        process.wait_until(lambda: _is_serving(base_url), timeout_s=60)
        yield model.at(base_url)


def _is_serving(base_url: str) -> bool:
    """Whether the model is loaded: until then, the server answers 503."""
    try:
        status, _ = get(f"{base_url}/models")
    except (OSError, HTTPException):
        return False
    return status == HTTPStatus.OK
