"""`make up` writes stack.json, which has keys."""

import json

import pytest

from local.kit.errors import LocalStackError
from local.stack.stack_file import StackFile

STACK = {"baseUrl": "http://127.0.0.1:8080", "messaging": {"apiKey": "k"}}


@pytest.fixture
def file(tmp_path) -> StackFile:
    return StackFile(tmp_path / ".local/stack.json")


def test_stack_file_is_readable_by_its_owner_only(file) -> None:
    with file.hold():
        file.path.write_text("{}")
        file.path.chmod(0o644)
        with file.publish(STACK):
            assert file.path.stat().st_mode & 0o777 == 0o600
            assert json.loads(file.path.read_text()) == STACK

    assert not file.path.exists()


def test_stack_file_of_another_stack_is_not_removed(file) -> None:
    with file.hold(), file.publish(STACK):
        file.path.write_text('{"baseUrl": "http://127.0.0.1:9090"}')

    assert "9090" in file.path.read_text()


def test_second_stack_is_told_of_the_first_and_changes_nothing(file) -> None:
    with file.hold(), file.publish(STACK):
        with pytest.raises(LocalStackError) as refused, StackFile(file.path).hold():
            pass
        assert json.loads(file.path.read_text()) == STACK

    for part in ("http://127.0.0.1:8080", "kill ", "PORT=8090", "STACK_FILE="):
        assert part in str(refused.value)


def test_stack_file_of_a_killed_stack_is_removed_at_the_next_start(file) -> None:
    file.path.parent.mkdir()
    file.path.write_text(json.dumps(STACK))

    with file.hold():
        assert not file.path.exists()
