"""Run simulated docks, until Ctrl-C, on a local stack or on AWS IoT.

Of each device it wants DEVICE.crt and DEVICE.key, in PEM, in the folder of credentials. How to fly
and how to fail can also be said by an order: {"simulate": {"speed": …, "outcome": …}}.
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
    arguments = parser().parse_args()
    broker = Broker(arguments.host, arguments.port, arguments.ca)
    links = [
        Link(
            broker,
            tls(broker.ca, arguments.credentials / device_id),
            Settings(
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


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m local.devices", description=__doc__)
    made.add_argument("--host", required=True, help="the MQTT broker's, or AWS IoT's data endpoint")
    made.add_argument("--port", type=int, default=8883)
    made.add_argument("--ca", type=Path, required=True, help="who signs for the broker, in PEM")
    made.add_argument("--credentials", type=Path, required=True, help="a folder")
    made.add_argument(
        "--device",
        type=device,
        action="append",
        required=True,
        metavar="ID=LON,LAT[,ALT]",
        help="a device and where its dock stands; any number of times",
    )
    made.add_argument(
        "--speed", choices=["real", "fast"], default="real", help="fast: 4 s a flight"
    )
    made.add_argument("--simulate", choices=get_args(Outcome.__value__), help="how to fail")
    made.add_argument("--away", type=float, default=20, metavar="S", help="how long a link is lost")
    made.add_argument("--seed", type=int, default=0, help="of weather and first charge")
    return made


def device(text: str) -> tuple[str, Point]:
    device_id, _, home = text.partition("=")
    lon, lat, *alt = map(float, home.split(","))
    return device_id, Point(lon, lat, *alt or [0.0])


def tls(ca: Path, credentials: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(f"{credentials}.crt", f"{credentials}.key")
    return context


if __name__ == "__main__":
    main()
