"""Device groups of two stacks in one account."""

import pytest
from moto import mock_aws

from scripts.registry_groups import GroupTakenError, claim_groups
from tests.adapters.engines import client


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
