"""Ask for settings on a terminal. Enter keeps the value in brackets, a dash empties it."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

NOT_ASKED: Final = frozenset({"Release", "WebhooksToLoopback"})
ONLY_WITH_PAYMENTS: Final = frozenset({
    "PaymentPrice", "PaymentNetworks", "PayTo", "FacilitatorUrl", "FacilitatorKeySecret",
    "PaymentNodesSecret", "KeysAreFree", "AllowTransactionHash", "AllowUnsignedTransactionHash",
    "PaymentConfirmations",
})  # fmt: skip

type Check = Callable[[str], str | None]
"""Returns what is wrong with a value."""


def ask(label: str, default: str, check: Check) -> str:
    """Ask until the answer is valid. Raises `EOFError` without a terminal."""
    while True:
        typed = input(f"{label} [{default}]: ").strip()
        answer = "" if typed == "-" else typed or default
        problem = check(answer)
        if problem is None:
            return answer
        print(f"  {problem}")


def ask_parameters(definitions: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Ask for a template's parameters; return all values."""
    answers = dict(values)
    for name, definition in definitions.items():
        if name in NOT_ASKED:
            continue
        if name in ONLY_WITH_PAYMENTS and answers["Payments"] == "off":
            continue
        print(f"\n{definition.get('Description', '')}{_choices(definition)}".rstrip())
        answers[name] = ask(name, answers[name], partial(find_problem, definition))
    return answers


def _choices(definition: Mapping[str, Any]) -> str:
    allowed = definition.get("AllowedValues")
    return f" One of: {', '.join(map(str, allowed))}." if allowed else ""


def find_problem(definition: Mapping[str, Any], value: str) -> str | None:
    """Return why CloudFormation would refuse a parameter's value, or None."""
    allowed = [str(each) for each in definition.get("AllowedValues", ())]
    if allowed and value not in allowed:
        return f"use one of: {', '.join(allowed)}"
    if not re.fullmatch(definition.get("AllowedPattern", ".*"), value):
        return f"use a value of the form {definition['AllowedPattern']}"
    if definition["Type"] == "Number":
        low, high = (definition.get(each) for each in ("MinValue", "MaxValue"))
        if not value.isdecimal():
            return "use a whole number"
        if (low is not None and int(value) < low) or (high is not None and int(value) > high):
            return f"use a number from {low} to {high}"
    return None
