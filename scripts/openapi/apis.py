"""All public APIs, by the name of their document."""

from collections.abc import Mapping
from typing import Final

from scripts.openapi.admin import ADMIN
from scripts.openapi.agent_workers import AGENT_WORKERS
from scripts.openapi.docs import DOCS
from scripts.openapi.messaging import MESSAGING
from scripts.openapi.missions import MISSIONS
from scripts.openapi.model import Api
from scripts.openapi.sessions import SESSIONS
from scripts.openapi.webhooks import WEBHOOKS

APIS: Final[Mapping[str, Api]] = {
    each.name: each
    for each in (ADMIN, AGENT_WORKERS, DOCS, MESSAGING, MISSIONS, SESSIONS, WEBHOOKS)
}
