"""Device groups of two stacks in one account."""

import json
import sys
from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from jobs.missions.adapters.group_claims import claim_groups
from jobs.missions.errors import GroupTakenError
from scripts import registry
from tests.adapters.engines import DynamoDb, client

FILE = """
tenant: acme
deviceGroups: [{id: a.quarry, name: Quarry, devices: [{id: dock-1, name: Dock}]}]
"""


@pytest.fixture
def register(tmp_path, monkeypatch) -> Iterator[Callable[[str], int]]:
    """Register the file with a stack of this name, as `make registry` does."""
    file = tmp_path / "registry.yaml"
    file.write_text(FILE)
    (tmp_path / "samconfig.toml").touch()

    def run(stack: str) -> int:
        options = ["--file", file, "--stack", stack, "--config", tmp_path / "samconfig.toml"]
        monkeypatch.setattr(sys, "argv", ["registry", *map(str, options)])
        return registry.main()

    with mock_aws():
        tables = DynamoDb(client("dynamodb"), remote=False)
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {
                "RegistryTableName": {"Value": tables.registry},
                "AuditTableName": {"Value": tables.audit},
            },
        }
        for stack in ("sortie-prod", "sortie-dev"):
            client("cloudformation").create_stack(
                StackName=stack, TemplateBody=json.dumps(template)
            )
        yield run


def test_device_group_belongs_to_the_first_stack_that_registers_it() -> None:
    with mock_aws():
        iot = client("iot")
        claim_groups(iot, "sortie-prod", ["harbour", "a.quarry"])
        claim_groups(iot, "sortie-prod", ["harbour"])
        claim_groups(iot, "sortie-dev", ["field"])

        with pytest.raises(
            GroupTakenError, match=r"'a\.quarry' belongs to the stack 'sortie-prod'"
        ):
            claim_groups(iot, "sortie-dev", ["a.quarry"])


def test_registry_refuses_a_device_group_of_another_stack(register, capsys) -> None:
    assert register("sortie-prod") == 0
    assert register("sortie-prod") == 0

    assert register("sortie-dev") == 1
    assert "belongs to the stack 'sortie-prod'" in capsys.readouterr().err
