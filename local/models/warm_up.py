"""Have Ollama load its model while nobody waits for it: the first request takes up to a minute."""

import json
from contextlib import suppress
from http.client import HTTPException
from threading import Thread
from typing import Final
from urllib.request import ProxyHandler, Request, build_opener

from local.models.model import Model

TIMEOUT_S: Final = 300


def load_in_background(model: Model | None) -> None:
    """Ask for one token, in a thread that ends with the process."""
    if model and model.kind == "ollama":
        Thread(target=_ask, args=(model,), daemon=True).start()


def _ask(model: Model) -> None:
    body = {
        "model": model.name,
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 1,
    }
    request = Request(  # noqa: S310 - http or https
        f"{model.base_url}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    # The first message tells what is wrong with the model.
    with (
        suppress(OSError, HTTPException),
        build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT_S) as response,
    ):
        response.read()
