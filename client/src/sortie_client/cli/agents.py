"""`sortie agents`."""

from sortie_client.cli.output import AsJson, coloured, print_json, print_table
from sortie_client.client import Sortie


def agents(*, as_json: AsJson = False) -> None:
    """List the agents that answer messages."""
    with Sortie() as sortie:
        found = sortie.messaging.list_agents()
    if as_json:
        print_json([each.raw for each in found])
        return
    rows = [(it.id, it.name, coloured(it.status), it.bio or "") for it in found]
    print_table(("ID", "NAME", "STATUS", "BIO"), rows)
