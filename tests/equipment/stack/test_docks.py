"""The docks of the local stack."""

from local.stack.docks import DOCK_POSITIONS
from local.stack.seed import REGISTRY
from scripts.registry_file import RegistryFile


def test_each_device_of_the_demo_registry_has_a_dock() -> None:
    file = RegistryFile.read(
        REGISTRY, dict.fromkeys(("BASE_URL", "GIT_URL"), "http://127.0.0.1:8080") | {"STACK": "s"}
    )

    devices = {device.id for group in file.deviceGroups for device in group.devices}

    assert devices == DOCK_POSITIONS.keys()
