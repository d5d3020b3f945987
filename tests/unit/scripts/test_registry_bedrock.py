"""`make registry` on a local stack that has no Bedrock."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from scripts.registry import find_refused
from scripts.registry_file import RegistryFile
from tests.adapters.upstream import running

AGENT = {
    "id": "44444444-4444-4444-8444-444444444444",
    "name": "Cloudy",
    "provider": "bedrock",
    "settings": {"modelId": "a-model"},
}
PROJECT = {
    "id": "handbook",
    "repository": "https://git.example/acme/handbook.git",
    "provider": "bedrock",
    "models": {"sonnet": "a", "opus": "b"},
}
FILE = RegistryFile.model_validate({"tenant": "acme", "agents": [AGENT], "projects": [PROJECT]})
ECHOES = RegistryFile.model_validate({"tenant": "acme"})


@pytest.mark.parametrize(("file", "model", "refused"), [
    (FILE, {}, ["Cloudy", "handbook"]),
    (FILE, {"model": {"kind": "ollama"}}, ["Cloudy", "handbook"]),
    (FILE, {"model": {"kind": "bedrock"}}, []),
    (ECHOES, {}, []),
])  # fmt: skip
def test_entries_on_bedrock_need_a_stack_with_it(tmp_path, file, model, refused) -> None:
    with running() as stack:
        running_stack: dict[str, Any] = {"baseUrl": stack.url, "awsEndpointUrl": stack.url, **model}
        described = tmp_path / "stack.json"
        described.write_text(json.dumps(running_stack))

        assert find_refused(file, Namespace(running=described)) == refused


@pytest.mark.parametrize("running_file", [None, Path("none/stack.json")])
def test_deployed_stack_takes_entries_on_bedrock(running_file) -> None:
    assert find_refused(FILE, Namespace(running=running_file)) == []
