"""Why a model stopped. A module of its own: APIs that name it need no client of a model."""

from typing import Literal

type Reason = Literal["stop", "length", "tool-calls", "content-filter", "other"]
