"""Claim the ids of device groups for a stack.

All stacks of an AWS account share its MQTT topics, and the topic of a device group is named after
its id (contract: missions.md).
"""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jobs.missions.errors import GroupTakenError

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient


def claim_groups(iot: "IoTClient", stack: str, groups: Iterable[str]) -> None:
    """Create an AWS IoT thing group for each device group, as the mark of its stack. Idempotent.

    Raises:
        GroupTakenError: Another stack has one of them.

    """
    for group in groups:
        name = f"device-group-{hashlib.sha256(group.encode()).hexdigest()[:32]}"
        try:
            iot.create_thing_group(
                thingGroupName=name,
                thingGroupProperties={
                    "attributePayload": {"attributes": {"deviceGroup": group, "stack": stack}}
                },
            )
        except iot.exceptions.ResourceAlreadyExistsException:
            properties = iot.describe_thing_group(thingGroupName=name)["thingGroupProperties"]
            owner = properties["attributePayload"]["attributes"]["stack"]
            if owner != stack:
                raise GroupTakenError(group, owner, name) from None
