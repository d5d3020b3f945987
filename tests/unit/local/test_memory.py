"""What a local stack remembers from run to run."""

import pytest

from local.kit.errors import LocalStackError
from local.stack.memory import Memory

KEY = "sortie_0123456789ab_secret"


def item(key_id: str = "0123456789ab", **attributes: dict[str, str]) -> dict[str, object]:
    return {"PK": {"S": f"KEY#{key_id}"}, "SK": {"S": "KEY"}, **attributes}


@pytest.mark.parametrize(("items", "has"), [
    ([item()], True),
    ([item(expires_at={"N": "99999999999999"})], True),
    ([item(expires_at={"N": "1767268800000"})], False),
    ([item("ba9876543210")], False),
    ([], False),
], ids=["known", "expires later", "expired", "other", "revoked"])  # fmt: skip
def test_key_is_kept_while_it_works(items, has) -> None:
    assert Memory(items=items).has_key(KEY) == has


def test_missing_file_is_an_empty_memory(tmp_path) -> None:
    assert Memory.read(tmp_path / "stack.memory.json") == Memory()


@pytest.mark.parametrize("content", ["{", "[]", '{"from": "a later version"}'])
def test_unreadable_file_says_what_to_do(tmp_path, content) -> None:
    file = tmp_path / "stack.memory.json"
    file.write_text(content)

    with pytest.raises(LocalStackError, match=r"stack\.memory\.json is unreadable: delete it"):
        Memory.read(file)
