"""The plain rules of a create accept and refuse what the documented body does."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from jobs.kit.body_rules import parse
from jobs.kit.http import BadRequestError
from jobs.messaging.api.create_body import parse_create_job
from jobs.messaging.api.requests import CreateJobBody
from tests.unit.support import AGENT_ID

DEFINED = TypeAdapter(CreateJobBody)
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 400_000), st.floats(), st.text(max_size=3),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers()),
)  # fmt: skip
WEBHOOK = st.fixed_dictionaries(
    {"url": st.one_of(st.just("https://example.com/"), ODD)},
    optional={"events": st.one_of(st.just(["completed"]), ODD), "secret": ODD},
)
BODIES = st.fixed_dictionaries({}, optional={
    "agentId": st.one_of(st.just(AGENT_ID), ODD),
    "userId": st.one_of(st.just(AGENT_ID), ODD),
    "content": st.one_of(st.sampled_from(["Hi", "", "x" * 50_001, "😀" * 25_001]), ODD),
    "metadata": st.one_of(st.sampled_from([{"k": "x" * 9_993}, {"k": ["é"]}]), ODD),
    "timeoutMs": st.one_of(st.sampled_from([1000, 1000.5, 300_000, 300_001, 999.9]), ODD),
    "webhook": st.one_of(WEBHOOK, ODD),
    "extra": ODD,
})  # fmt: skip


def outcome(validate: Any, body: Any) -> Any:
    try:
        return validate(body)
    except BadRequestError as error:
        return str(error)


def validate_as_defined(body: Any) -> Any:
    """Validate by pydantic alone, and what documents say of ids in words."""
    parsed = parse(DEFINED, body, "userId", "content")
    for name in ("userId", "agentId"):
        if name in parsed and parsed[name] != AGENT_ID:
            raise BadRequestError(f"Invalid {name} format (must be valid UUID)")
    return parsed


@settings(max_examples=400)
@given(st.one_of(BODIES, ODD))
def test_rules_equal_the_documented_body(body) -> None:
    assert outcome(parse_create_job, body) == outcome(validate_as_defined, body)
