"""The part of a conversation that an agent receives with a question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a conversation, as an agent is reminded of it."""

    by_agent: bool
    content: str


def merged(history: Sequence[Said]) -> Iterator[tuple[bool, list[str]]]:
    """Join what one side has said in a row, for models that want the sides to take turns."""
    by_agent, said = False, list[str]()
    for each in history:
        if each.by_agent is not by_agent and said:
            yield by_agent, said
            said = []
        by_agent = each.by_agent
        said.append(each.content)
    if said:
        yield by_agent, said
