import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.kit import strict_json

SAFE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | SAFE_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(SAFE_TEXT, inner),
)  # fmt: skip


@given(VALUES)
def test_legal_json_round_trips(value) -> None:
    assert strict_json.loads(strict_json.dumps(value)) == value


@pytest.mark.parametrize("text", [
    "", "{", "nul", "{'a': 1}", "[1,]", "\ufeff{}",
    "NaN", "Infinity", "-Infinity", '{"a": NaN}', "1e999", "-1e999",
    "1" * 1001, "1." + "0" * 1000, "-" + "1" * 1001, "5" * 5000,
    '"\\ud800"', '{"\\udfff": 1}', '"\\u0000"', '["a\\u0000b"]', '{"\\u0000": 1}',
    "[" * 100_000, "[" * 101 + "1" + "]" * 101, '{"a":' * 101 + "1" + "}" * 101,
])  # fmt: skip
def test_json_that_cannot_round_trip_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(text)


@pytest.mark.parametrize("text", [
    "1" * 1000, "[" * 100 + "1" + "]" * 100,
    '"\\\\u0000"', '"\\ud83d\\ude00"', '{"__proto__": {"a": 1}}',
])  # fmt: skip
def test_unusual_legal_json_is_accepted(text) -> None:
    assert strict_json.loads(text) == json.loads(text)


def test_duplicate_keys_last_one_wins() -> None:
    assert strict_json.loads('{"a": 1, "a": 2}') == {"a": 2}
