"""The base of all entries of a registry file."""

from typing import Final

from pydantic import BaseModel, ConfigDict

LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


class Entry(BaseModel):
    """Unknown fields are errors, so that a misspelled one is found."""

    model_config = ConfigDict(extra="forbid", frozen=True)
