"""How long a call to AWS may take, and how often it is made."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPolicy:
    """`attempts` includes the first one."""

    connect_s: float = 2
    read_s: float = 5
    attempts: int = 3


NORMAL: Final = CallPolicy()
LONG: Final = CallPolicy(read_s=300)
"""For models: a response may take as long as a job."""
HASTY: Final = CallPolicy(connect_s=0.5, read_s=0.5, attempts=1)
"""For writes that may be lost."""
