"""Run simulated docks on a local stack, each an AWS IoT thing with a certificate of its own."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from jobs.missions.thing import thing_name
from local.cloud.aws import create_session
from local.kit.paths import ROOT
from local.kit.process import Process
from local.stack.local_stack import LocalStack

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

DOCK_POSITIONS = {  # of the demo registry's devices: longitude, latitude
    "dock-1": "9.9667,53.5450",
    "dock-2": "9.9760,53.5450",
    "dock-3": "10.3160,53.9330",
}
CONNECTED = ": connected"  # how a dock's log line ends once it receives orders


@contextmanager
def run_docks(
    stack: LocalStack,
    device_ids: Iterable[str] = DOCK_POSITIONS,
    *,
    speed: str = "real",
    simulate: str | None = None,
    away: float = 20,
) -> Iterator[Process]:
    """Run one process of docks until the end of the block, once all are connected.

    The options are those of `python -m local.devices`. Devices outside of the demo registry stand
    at the position of dock-1, and have to be registered separately.
    """
    folder = Path(mkdtemp(prefix="docks-", dir=stack.folder))
    ids = list(device_ids)
    with closing(create_session().client("iot", endpoint_url=stack.aws_endpoint_url)) as iot:
        for each in ids:
            enrol(iot, stack.name, each, stack.outputs["DockPolicyName"], folder)
    positions = {each: DOCK_POSITIONS.get(each, DOCK_POSITIONS["dock-1"]) for each in ids}
    command: list[str | Path] = [
        *(sys.executable, "-m", "local.devices"),
        *("--host", stack.mqtt.host, "--port", str(stack.mqtt.port), "--ca", stack.mqtt.ca_file),
        *("--stack", stack.name, "--credentials", folder, "--speed", speed, "--away", str(away)),
        *(f"--device={device}={position}" for device, position in positions.items()),
        *(["--simulate", simulate] if simulate else []),
    ]
    environment = {"PYTHONPATH": str(ROOT)}
    with Process("the dock", command, env=environment, log=folder / "docks.log") as process:
        process.wait_until(lambda: read_connected_docks(process.log) >= set(ids))
        yield process


def read_connected_docks(log: Path) -> set[str]:
    lines = log.read_text().splitlines()
    return {line.removesuffix(CONNECTED) for line in lines if line.endswith(CONNECTED)}


def enrol(iot: "IoTClient", stack: str, device_id: str, policy: str, folder: Path) -> None:
    """Create the device's thing, and write DEVICE.crt and DEVICE.key to the folder."""
    thing = thing_name(stack, device_id)
    iot.create_thing(thingName=thing)
    created = iot.create_keys_and_certificate(setAsActive=True)
    iot.attach_thing_principal(thingName=thing, principal=created["certificateArn"])
    iot.attach_policy(policyName=policy, target=created["certificateArn"])
    (folder / f"{device_id}.crt").write_text(created["certificatePem"])
    key = folder / f"{device_id}.key"
    key.touch(0o600)
    key.write_text(created["keyPair"]["PrivateKey"])
