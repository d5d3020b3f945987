"""The facilitator: x402's own, one per chain, behind HTTP. It runs in .tools/chain.

usage: FACILITATOR_KEY=0x… python -m local.chain.facilitator SOCKET_FD CHAINS
CHAINS is JSON: {"base": {"chainId": …, "rpcUrl": …}}

`POST /verify`, `POST /settle` and `GET /supported` are x402's. For tests, `PUT /faults` takes a
script (see faults.py) and forgets `GET /calls`, which lists what has been asked.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

from eth_utils.address import to_checksum_address
from x402 import x402FacilitatorSync
from x402.mechanisms.evm.exact import ExactEvmFacilitatorScheme
from x402.mechanisms.evm.exact.v1.facilitator import ExactEvmSchemeV1
from x402.mechanisms.evm.signers import FacilitatorWeb3Signer
from x402.schemas import PaymentPayload, PaymentRequirements
from x402.schemas.v1 import PaymentPayloadV1, PaymentRequirementsV1

from local.chain.faults import Fault, Faults

CONFIRMATION_SECONDS = 60
SCHEMAS = {1: (PaymentPayloadV1, PaymentRequirementsV1), 2: (PaymentPayload, PaymentRequirements)}
OPERATIONS = frozenset({"verify", "settle"})

type Plain = dict[str, Any]


class Facilitators:
    """One for each chain: a signer knows one node, and a shared one answers for any chain."""

    def __init__(self, chains: Mapping[str, Plain], key: str) -> None:
        self._by_network = dict[str, Any]()
        self._all = list[Any]()
        for name, chain in chains.items():
            signer = FacilitatorWeb3Signer(key, chain["rpcUrl"], CONFIRMATION_SECONDS)
            made, caip2 = x402FacilitatorSync(), f"eip155:{chain['chainId']}"
            made.register([caip2], ExactEvmFacilitatorScheme(signer))
            made.register_v1([name], ExactEvmSchemeV1(signer))
            self._by_network |= {name: made, caip2: made}
            self._all.append(made)

    def act(self, operation: str, asked: Plain) -> Plain:
        payload, requirements = SCHEMAS[asked["x402Version"]]
        wanted = requirements.model_validate(asked["paymentRequirements"])
        act = getattr(self._by_network[wanted.network], operation)
        paid = payload.model_validate(asked["paymentPayload"])
        checksum(paid.payload["authorization"])
        return plain(act(paid, wanted))

    def supported(self) -> Plain:
        every = [plain(each.get_supported()) for each in self._all]
        return {
            "kinds": [kind for each in every for kind in each["kinds"]],
            "extensions": [],
            "signers": every[0]["signers"],
        }


def checksum(authorization: Plain) -> None:
    """Spell the addresses as web3 wants them: others are valid, too."""
    for key in ("from", "to"):
        authorization[key] = to_checksum_address(authorization[key])


def plain(answer: Any) -> Plain:
    return dict(answer.model_dump(by_alias=True, exclude_none=True))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    facilitators: Facilitators
    faults = Faults()
    calls: list[Plain] = []  # noqa: RUF012 - the server's, as a handler lives for a connection

    def do_GET(self) -> None:
        match self.operation:
            case "calls":
                self.answer(self.calls)
            case "supported":
                self.answer(self.facilitators.supported())
            case _:
                self.answer({"error": "not found"}, HTTPStatus.NOT_FOUND)

    def do_PUT(self) -> None:
        self.faults.script(self.body())
        self.calls.clear()
        self.answer({})

    def do_POST(self) -> None:
        asked = self.body()
        if self.operation not in OPERATIONS:
            return self.answer({"error": "not found"}, HTTPStatus.NOT_FOUND)
        self.calls.append({"operation": self.operation, **asked})
        return self.act(asked, self.faults.take(self.operation))

    def act(self, asked: Plain, fault: Fault) -> None:
        """Act, or do what else a test has asked for."""
        match fault.name:
            case "500":
                return self.answer({"error": "as told"}, HTTPStatus.INTERNAL_SERVER_ERROR)
            case "html":
                return self.say(b"<html>Bad gateway</html>", HTTPStatus.BAD_GATEWAY, "text/html")
            case "drop":
                return self.hang_up()
            case "refuse":
                return self.answer(refusal(self.operation, asked, fault.about))
            case "slow":
                time.sleep(fault.seconds)
        return self.tell(self.facilitators.act(self.operation, asked), fault)

    def tell(self, done: Plain, fault: Fault) -> None:
        """Answer what was done, or not quite."""
        match fault.name:
            case "lost":
                return self.hang_up()
            case "late":
                time.sleep(fault.seconds)
            case "pending" if done.get("success"):
                pending = {**done, "success": False, "errorReason": "settlement_pending"}
                return self.answer(pending, HTTPStatus.INTERNAL_SERVER_ERROR)
        return self.answer(done)

    @property
    def operation(self) -> str:
        return self.path.rpartition("/")[2]

    def body(self) -> Plain:
        return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, content: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.say(json.dumps(content).encode(), status, "application/json")

    def say(self, content: bytes, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def hang_up(self) -> None:
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: Any) -> None:
        print(format % args, flush=True)


def refusal(operation: str, asked: Plain, reason: str) -> Plain:
    if operation == "verify":
        return {"isValid": False, "invalidReason": reason}
    network = asked["paymentRequirements"]["network"]
    return {"success": False, "errorReason": reason, "transaction": "", "network": network}


def main(descriptor: int, chains: Mapping[str, Plain], key: str) -> None:
    Handler.facilitators = Facilitators(chains, key)
    door = socket.socket(fileno=descriptor)
    server = ThreadingHTTPServer(door.getsockname(), Handler, bind_and_activate=False)
    server.daemon_threads = True
    server.socket.close()
    server.socket = door
    server.server_activate()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]), os.environ["FACILITATOR_KEY"])
