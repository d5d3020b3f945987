"""Secrets in a file of the server."""

import pytest

from jobs.kit.errors import FailureClass, RefusedError
from jobs.kit.file_secrets import FileSecrets


@pytest.fixture
def path(tmp_path):
    return tmp_path / "secrets.json"


def test_secret_stored_is_read_by_its_owner_only(path) -> None:
    FileSecrets(path).put("agents/key", "žluť")
    FileSecrets(path).put("other", "2")

    assert FileSecrets(path).read("agents/key") == "žluť"
    assert path.stat().st_mode & 0o777 == 0o600


def test_secret_changed_by_hand_holds_at_once(path) -> None:
    secrets = FileSecrets(path)
    secrets.put("a", "old")

    path.write_text('{"a": "new"}')

    assert secrets.read("a") == "new"


def test_held_secret_is_in_no_file(path) -> None:
    secrets = FileSecrets(path)
    secrets.put("a", "in the file")

    secrets.hold("a", "in memory")
    secrets.put("b", "2")

    assert secrets.read("a") == "in memory"
    assert FileSecrets(path).read("a") == "in the file"


def test_random_secret_is_made_once(path) -> None:
    secrets = FileSecrets(path)
    secrets.ensure("cursors")
    made = secrets.read("cursors")

    secrets.ensure("cursors")

    assert secrets.read("cursors") == made
    assert len(made) > 40


@pytest.mark.parametrize("text", [None, "{}", '{"a": 1}', "[]", "not JSON"])
def test_secret_missing_or_unreadable_is_refused(path, text) -> None:
    if text is not None:
        path.write_text(text)

    with pytest.raises(RefusedError) as refused:
        FileSecrets(path).read("a")

    assert refused.value.failure_class is FailureClass.CREDENTIALS
    assert "secrets.json" in refused.value.detail


def test_secrets_survive_a_draft_of_a_killed_process(path) -> None:
    path.with_suffix(".new").write_text("half")

    FileSecrets(path).put("a", "1")

    assert FileSecrets(path).read("a") == "1"
