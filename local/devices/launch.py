"""Simulated docks on a local stack: each a thing of AWS IoT, with a certificate of its own."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from local.cloud.aws import session
from local.kit.paths import ROOT
from local.kit.process import Part

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

    from local.stack.launch import LocalStack

HOMES = {  # of the demo registry's devices: longitude, latitude
    "dock-1": "9.9667,53.5450",
    "dock-2": "9.9760,53.5450",
    "dock-3": "10.3160,53.9330",
}


@contextmanager
def docks(
    stack: "LocalStack",
    device_ids: Iterable[str] = HOMES,
    *,
    speed: str = "real",
    simulate: str | None = None,
    away: float = 20,
) -> Iterator[Part]:
    """One process of docks, until the end of the block; all are connected when it begins.

    The options are those of `python -m local.devices`. Devices that the demo registry does not know
    stand where its first one does; the stack's registry must be told of them.
    """
    folder = Path(mkdtemp(prefix="docks-", dir=stack.folder))
    ids = list(device_ids)
    with closing(session().client("iot", endpoint_url=stack.aws_endpoint_url)) as iot:
        for each in ids:
            enrol(iot, each, stack.outputs["DockPolicyName"], folder)
    command: list[str | Path] = [
        *(sys.executable, "-m", "local.devices"),
        *("--host", stack.mqtt.host, "--port", str(stack.mqtt.port), "--ca", stack.mqtt.ca_file),
        *("--credentials", folder, "--speed", speed, "--away", str(away)),
        *(f"--device={each}={HOMES.get(each, HOMES['dock-1'])}" for each in ids),
        *(["--simulate", simulate] if simulate else []),
    ]
    environment = {"PYTHONPATH": str(ROOT)}
    with Part("the dock", command, env=environment, log=folder / "docks.log") as part:
        part.wait_until(lambda: connected(part.log) >= set(ids))
        yield part


def connected(log: Path) -> set[str]:
    lines = log.read_text().splitlines()
    return {line.removesuffix(": connected") for line in lines if line.endswith(": connected")}


def enrol(iot: "IoTClient", device_id: str, policy: str, folder: Path) -> None:
    """Make a thing named after the device, and leave its DEVICE.crt and DEVICE.key in a folder."""
    iot.create_thing(thingName=device_id)
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.attach_thing_principal(thingName=device_id, principal=made["certificateArn"])
    iot.attach_policy(policyName=policy, target=made["certificateArn"])
    (folder / f"{device_id}.crt").write_text(made["certificatePem"])
    key = folder / f"{device_id}.key"
    key.touch(0o600)
    key.write_text(made["keyPair"]["PrivateKey"])
