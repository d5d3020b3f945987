"""The identity provider's clients, in memory; tests/adapters checks its contract."""

from uuid import uuid4

from jobs.missions.partner import AppClient, Role


class InMemoryAppClients:
    """`roles` has each client's role by its id."""

    def __init__(self) -> None:
        self.roles: dict[str, Role] = {}

    def create(self, name: str, role: Role) -> AppClient:
        made = AppClient(id=uuid4().hex[:26], secret=uuid4().hex)
        self.roles[made.id] = role
        return made

    def delete(self, client_id: str) -> None:
        self.roles.pop(client_id, None)
