"""What a check has found, and the stack that is checked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import boto3
from botocore.exceptions import BotoCoreError, ClientError


class Level(StrEnum):
    OK = "ok"
    ADVICE = "advice"
    MISSING = "MISSING"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is what was checked; `text` is its state, and what to do if it is not ok."""

    level: Level
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A stack that is deployed, or will be: then it has no outputs."""

    stack: str
    region: str
    session: boto3.Session
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]


type Check = Callable[[Patient], Iterator[Finding]]


def run(subject: str, check: Check, patient: Patient) -> Iterator[Finding]:
    """Yield a check's findings. A refused call is a finding, too."""
    try:
        yield from check(patient)
    except (BotoCoreError, ClientError) as error:
        yield Finding(Level.UNKNOWN, subject, f"cannot be checked: {error}")
