"""The base of all entries of the registry, as files and the admin API write them."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from jobs.kit import strict_json

LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


class Entry(BaseModel):
    """Unknown fields are errors, so that a misspelled one is found."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def parse_entry(kind: Any, fields: Mapping[str, Any]) -> Any:
    """Parse the fields of a request, as strictly as JSON allows. Raises `ValidationError`."""
    return TypeAdapter(kind).validate_json(strict_json.dumps(dict(fields)), strict=True)
