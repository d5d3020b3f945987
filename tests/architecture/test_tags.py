"""All of a stack is tagged."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_everything_is_tagged_with_the_application_and_the_stage() -> None:
    """CloudFormation gives a stack's tags to all in it that can have some."""
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for stage in ("dev", "prod"):
        assert configured[stage]["deploy"]["parameters"]["tags"] == (
            f"application=sortie stage={stage}"
        )
