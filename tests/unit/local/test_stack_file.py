"""`make up` writes stack.json, which has keys."""

import json
from types import SimpleNamespace
from typing import Any

from local.stack.up import publish_description


def test_stack_file_is_readable_by_its_owner_only(tmp_path) -> None:
    file = tmp_path / ".local/stack.json"
    file.parent.mkdir()
    file.write_text("{}")
    file.chmod(0o644)
    stack: Any = SimpleNamespace(description=lambda: {"apiKey": "k"})

    with publish_description(stack, file):
        assert file.stat().st_mode & 0o777 == 0o600
        assert json.loads(file.read_text()) == {"apiKey": "k"}
    assert not file.exists()
