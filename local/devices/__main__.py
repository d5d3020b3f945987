"""Run simulated docks until Ctrl-C, on a local stack or on AWS IoT.

The credentials folder must hold DEVICE.crt and DEVICE.key of each device, in PEM. An order may
override the options: {"simulate": {"speed": …, "outcome": …}}.
"""

import argparse
import ssl
from contextlib import suppress
from pathlib import Path
from typing import get_args

from local.devices.dock import Settings
from local.devices.geometry import Point
from local.devices.link import Broker, Link
from local.devices.order import Outcome, Simulate

STEP_S = 0.1


def main() -> None:
    arguments = create_parser().parse_args()
    broker = Broker(arguments.host, arguments.port, arguments.ca)
    links = [
        Link(
            broker,
            create_tls_context(broker.ca, arguments.credentials / device_id),
            Settings(
                arguments.stack,
                device_id,
                home,
                Simulate(speed=arguments.speed, outcome=arguments.simulate),
                arguments.away,
                arguments.seed,
            ),
        )
        for device_id, home in arguments.device
    ]
    with suppress(KeyboardInterrupt):
        while True:
            for link in links:
                link.step(STEP_S / len(links))


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.devices", description=__doc__)
    parser.add_argument("--host", required=True, help="the MQTT broker, or AWS IoT's data endpoint")
    parser.add_argument("--port", type=int, default=8883)
    parser.add_argument("--ca", type=Path, required=True, help="the broker's CA, in PEM")
    parser.add_argument("--credentials", type=Path, required=True, help="a folder")
    parser.add_argument("--stack", required=True, help="the stack that the devices belong to")
    parser.add_argument(
        "--device",
        type=parse_device,
        action="append",
        required=True,
        metavar="ID=LON,LAT[,ALT]",
        help="a device and its dock's position; repeatable",
    )
    parser.add_argument(
        "--speed", choices=["real", "fast"], default="real", help="fast: 4 s per flight"
    )
    parser.add_argument(
        "--simulate", choices=get_args(Outcome.__value__), help="a fault to simulate"
    )
    parser.add_argument(
        "--away", type=float, default=20, metavar="S", help="duration of lost links"
    )
    parser.add_argument("--seed", type=int, default=0, help="for weather and initial charge")
    return parser


def parse_device(text: str) -> tuple[str, Point]:
    device_id, _, home = text.partition("=")
    lon, lat, *alt = map(float, home.split(","))
    return device_id, Point(lon, lat, *alt or [0.0])


def create_tls_context(ca: Path, credentials: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(f"{credentials}.crt", f"{credentials}.key")
    return context


if __name__ == "__main__":
    main()
