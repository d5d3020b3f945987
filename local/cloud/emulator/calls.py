"""Record the calls of each role, and its policies: a test looks for grants that no call uses."""

import json
import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from ministack.core import iam_evaluator  # type: ignore[import-not-found]
from ministack.services import iam  # type: ignore[import-not-found]

PARTITIONS: Final = ("LIMIT#*", "TRACK#*", "*#docs#slots*")
"""The partitions that the template grants apart from the rest of their table."""


def record_calls(folder: Path) -> None:
    """Append each new role and each new call to a file."""
    enforce = iam_evaluator.enforce
    recorded = set[tuple[str, ...]]()  # not as text, because stacks make many calls
    file = folder / f"{os.getpid()}.jsonl"

    def record(*key: str, **line: Any) -> None:
        recorded.add(key)
        with file.open("a") as calls:
            calls.write(f"{json.dumps(line)}\n")

    def enforce_and_record(key: str, action: str, *rest: str, **details: Any) -> Any:
        refusal = enforce(key, action, *rest, **details)
        if key and not refusal and not iam_evaluator.is_root_access_key(key):
            role = iam_evaluator.resolve_caller_identity(key)["userArn"].split("/")[1]
            policies = (role, *iam._roles[role]["InlinePolicies"].values())
            if policies not in recorded:
                record(*policies, role=role, policies=[*map(json.loads, policies[1:])])
            resource = details.get("resource_arn", "*")
            keys = (details.get("service_context") or {}).get("dynamodb:LeadingKeys") or []
            partition = partition_of(keys)
            call = (role, action, resource, partition or "")
            if call not in recorded:
                record(*call, role=role, action=action, resource=resource, partition=partition)
        return refusal

    iam_evaluator.enforce = enforce_and_record


def partition_of(keys: Sequence[str]) -> str | None:
    """Return the pattern of the keys that a grant may be for, if all keys are of one."""
    found = {each for each in PARTITIONS for key in keys if fnmatchcase(key, each)}
    one = len(found) == 1 and all(fnmatchcase(key, *found) for key in keys)
    return found.pop() if one else None
