"""The missions API: its public addresses. Endpoints that need nothing else load only these."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Public base URLs: `https://…` and `wss://…`."""

    api: str
    websocket: str
