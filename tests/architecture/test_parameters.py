"""Parameters have safe defaults."""

from tests.architecture.template import ROOT


def test_webhooks_go_to_the_public_internet_only_by_default(template) -> None:
    assert template["Parameters"]["WebhooksToLoopback"]["Default"] == "false"
    assert "WebhooksToLoopback" not in (ROOT / "samconfig.toml").read_text()
