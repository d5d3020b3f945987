"""Composes the features' wirings over one SQLite file, in place of AWS.

Functions import the wirings themselves, so their parts are replaced, before the first request.
"""

from typing import Final

from jobs import kinds
from jobs.admin.wiring import wiring as admin
from jobs.admin.wiring_sqlite import use_sqlite as use_admin
from jobs.agent_workers.wiring import wiring as agent_workers
from jobs.agent_workers.wiring_sqlite import use_sqlite as use_agent_workers
from jobs.auth.wiring import wiring as auth
from jobs.auth.wiring_sqlite import use_sqlite as use_auth
from jobs.core.wiring_sqlite import use_sqlite as use_core
from jobs.docs.wiring import wiring as docs
from jobs.docs.wiring_sqlite import use_sqlite as use_docs
from jobs.kit.clock import Clock
from jobs.kit.file_secrets import FileSecrets
from jobs.kit.sqlite.database import Database
from jobs.missions.wiring import wiring as missions
from jobs.payments.wiring import wiring as payments
from jobs.payments.wiring_sqlite import use_sqlite as use_payments
from jobs.sessions.wiring import wiring as sessions
from jobs.sessions.wiring_sqlite import use_sqlite as use_sessions
from jobs.webhooks.wiring import wiring as webhooks
from jobs.webhooks.wiring_sqlite import use_sqlite as use_webhooks

_CURSORS: Final = "cursors"


def compose(database: Database, clock: Clock, secrets: FileSecrets) -> None:
    secrets.ensure(_CURSORS)
    use_core(kinds.core, database, clock=clock, secrets=secrets)
    use_auth(auth, database, clock=clock)
    use_admin(admin, database, clock=clock)
    use_sessions(sessions, database, clock=clock, secrets=secrets)
    use_agent_workers(agent_workers, database, clock=clock)
    use_docs(docs, database, clock=clock, secrets=secrets)
    use_payments(payments, database, clock=clock)
    use_webhooks(webhooks, database, clock=clock, secrets=secrets)
    vars(missions)["claim_group"] = _claim_group


def _claim_group(group: str) -> None:
    """Claim nothing: no other stack shares the topics of a server without missions."""
