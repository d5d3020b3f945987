"""Permissions of an MQTT client."""

from dataclasses import dataclass

from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Clients may subscribe to the topics if their id starts with `client_prefix` and a dash.

    `principal` is alphanumeric. In a topic, `*` matches any characters.
    """

    principal: str
    client_prefix: str
    topics: tuple[str, ...]
    until: Millis
