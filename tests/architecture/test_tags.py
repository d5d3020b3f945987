"""A stack's resources have tags."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_stack_has_tags_of_application_and_stage() -> None:
    """CloudFormation gives a stack's tags to its resources."""
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for stage in ("dev", "prod"):
        assert configured[stage]["deploy"]["parameters"]["tags"] == (
            f"application=sortie stage={stage}"
        )
