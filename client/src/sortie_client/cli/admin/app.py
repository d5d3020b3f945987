"""The commands below `sortie admin`."""

import typer

from sortie_client.cli.admin import audit, keys, partners, tenants, usage
from sortie_client.cli.admin.entries import entries_app, limits_app

app = typer.Typer(
    help="Manage tenants, API keys and other entries, for operators.",
    no_args_is_help=True,
    epilog="The key of the admin API comes from SORTIE_ADMIN_KEY.",
)
app.add_typer(tenants.app, name="tenants")
app.add_typer(keys.app, name="keys")
app.add_typer(partners.app, name="partners")
app.add_typer(entries_app("agents", "agents"), name="agents")
app.add_typer(entries_app("device-groups", "device groups"), name="groups")
app.add_typer(entries_app("devices", "devices"), name="devices")
app.add_typer(entries_app("missions", "missions that can be flown"), name="missions")
app.add_typer(entries_app("projects", "projects of documentation agents"), name="projects")
app.add_typer(entries_app("webhooks", "webhooks for all of a tenant's jobs"), name="webhooks")
app.add_typer(limits_app(), name="limits")
app.command("audit")(audit.list_audit)
app.command("usage")(usage.get_usage)
