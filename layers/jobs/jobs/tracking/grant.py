"""What an MQTT client may do."""

from dataclasses import dataclass

from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Clients whose id is `client_prefix`, a dash, and anything may follow the topics.

    `principal` is alphanumeric. In a topic, `*` stands for anything.
    """

    principal: str
    client_prefix: str
    topics: tuple[str, ...]
    until: Millis
