"""Serve x402's own facilitator over HTTP, one per chain. Runs in .tools/chain.

usage: FACILITATOR_KEY=0x… python -m local.chain.facilitator SOCKET_FD CHAINS
CHAINS is JSON: {"base": {"chainId": …, "rpcUrl": …}}

`POST /verify`, `POST /settle` and `GET /supported` are x402's. For tests, `PUT /faults` takes a
script (see faults.py) and clears the list of calls, which `GET /calls` returns.
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
from local.kit.foreign_pages import find_refusal

CONFIRMATION_TIMEOUT_S = 60
SCHEMAS = {1: (PaymentPayloadV1, PaymentRequirementsV1), 2: (PaymentPayload, PaymentRequirements)}
OPERATIONS = frozenset({"verify", "settle"})

type Json = dict[str, Any]


class Facilitators:
    """One facilitator for each chain: a signer has one node, and would settle any chain on it."""

    def __init__(self, chains: Mapping[str, Json], key: str) -> None:
        self._by_network = dict[str, Any]()
        self._all = list[Any]()
        for name, chain in chains.items():
            signer = FacilitatorWeb3Signer(key, chain["rpcUrl"], CONFIRMATION_TIMEOUT_S)
            facilitator, caip2 = x402FacilitatorSync(), f"eip155:{chain['chainId']}"
            facilitator.register([caip2], ExactEvmFacilitatorScheme(signer))
            facilitator.register_v1([name], ExactEvmSchemeV1(signer))
            self._by_network |= {name: facilitator, caip2: facilitator}
            self._all.append(facilitator)

    def call(self, operation: str, body: Json) -> Json:
        payload_schema, requirements_schema = SCHEMAS[body["x402Version"]]
        requirements = requirements_schema.model_validate(body["paymentRequirements"])
        call = getattr(self._by_network[requirements.network], operation)
        payload = payload_schema.model_validate(body["paymentPayload"])
        checksum_addresses(payload.payload["authorization"])
        return to_json(call(payload, requirements))

    def supported(self) -> Json:
        supported = [to_json(each.get_supported()) for each in self._all]
        return {
            "kinds": [kind for each in supported for kind in each["kinds"]],
            "extensions": [],
            "signers": supported[0]["signers"],
        }


def checksum_addresses(authorization: Json) -> None:
    """Convert the addresses to the checksum format, the only one that web3 accepts."""
    for key in ("from", "to"):
        authorization[key] = to_checksum_address(authorization[key])


def to_json(model: Any) -> Json:
    return dict(model.model_dump(by_alias=True, exclude_none=True))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    facilitators: Facilitators
    faults = Faults()
    calls: list[Json] = []  # noqa: RUF012 - the server's: a handler serves one connection

    @override
    def parse_request(self) -> bool:
        """Parse the request's head; refuse requests of foreign web pages."""
        if not super().parse_request():
            return False
        if refusal := find_refusal(self.headers.items()):
            self.close_connection = True  # the body is not read
            self.send_json({"error": refusal}, HTTPStatus.FORBIDDEN)
            return False
        return True

    def do_GET(self) -> None:
        match self.operation:
            case "calls":
                self.send_json(self.calls)
            case "supported":
                self.send_json(self.facilitators.supported())
            case _:
                self.send_json({"error": "not found"}, HTTPStatus.NOT_FOUND)

    def do_PUT(self) -> None:
        self.faults.script(self.read_body())
        self.calls.clear()
        self.send_json({})

    def do_POST(self) -> None:
        body = self.read_body()
        if self.operation not in OPERATIONS:
            return self.send_json({"error": "not found"}, HTTPStatus.NOT_FOUND)
        self.calls.append({"operation": self.operation, **body})
        return self.act(body, self.faults.take(self.operation))

    def act(self, body: Json, fault: Fault) -> None:
        """Act, unless the fault prevents it."""
        match fault.name:
            case "500":
                return self.send_json({"error": "scripted fault"}, HTTPStatus.INTERNAL_SERVER_ERROR)
            case "html":
                return self.send(b"<html>Bad gateway</html>", HTTPStatus.BAD_GATEWAY, "text/html")
            case "drop":
                return self.disconnect()
            case "refuse":
                return self.send_json(to_refusal(self.operation, body, fault.argument))
            case "slow":
                time.sleep(fault.seconds)
        return self.respond(self.facilitators.call(self.operation, body), fault)

    def respond(self, result: Json, fault: Fault) -> None:
        """Send the result, unless the fault prevents or changes it."""
        match fault.name:
            case "lost":
                return self.disconnect()
            case "late":
                time.sleep(fault.seconds)
            case "pending" if result.get("success"):
                pending = {**result, "success": False, "errorReason": "settlement_pending"}
                return self.send_json(pending, HTTPStatus.INTERNAL_SERVER_ERROR)
        return self.send_json(result)

    @property
    def operation(self) -> str:
        return self.path.rpartition("/")[2]

    def read_body(self) -> Json:
        return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def send_json(self, content: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send(json.dumps(content).encode(), status, "application/json")

    def send(self, content: bytes, status: HTTPStatus, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def disconnect(self) -> None:
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: Any) -> None:
        print(format % args, flush=True)


def to_refusal(operation: str, body: Json, reason: str) -> Json:
    if operation == "verify":
        return {"isValid": False, "invalidReason": reason}
    network = body["paymentRequirements"]["network"]
    return {"success": False, "errorReason": reason, "transaction": "", "network": network}


def main(descriptor: int, chains: Mapping[str, Json], key: str) -> None:
    Handler.facilitators = Facilitators(chains, key)
    bound = socket.socket(fileno=descriptor)
    server = ThreadingHTTPServer(bound.getsockname(), Handler, bind_and_activate=False)
    server.daemon_threads = True
    server.socket.close()
    server.socket = bound
    server.server_activate()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]), os.environ["FACILITATOR_KEY"])
