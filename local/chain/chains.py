"""All that is paid with on this machine, as one thing to start."""

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.chain.node import CONTRACTS, Account, Node, node
from local.kit.errors import LocalStackError
from local.kit.network import answers, bound
from local.kit.paths import ROOT, tool
from local.kit.process import Part

DEFAULT: Final = ("base", "polygon")
FACILITATOR, PAYER, PAY_TO = range(3)  # the others are the tests'
RICHES: Final = 1_000_000_000  # 1,000 USDC


@dataclass(frozen=True)
class Facilitator:
    url: str
    part: Part

    def script(self, **operations: str | Sequence[str]) -> None:
        """Misbehave from now on, as faults.py says; nothing: behave. Forgets the calls so far."""
        self._ask("PUT", "faults", json.dumps(operations).encode())

    def calls(self) -> Any:
        """What was asked: `operation` and the body."""
        return self._ask("GET", "calls")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(f"{self.url}/{path}", body, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
            return json.load(answer)


@dataclass(frozen=True)
class Chains:
    nodes: Mapping[str, Node]
    facilitator: Facilitator

    @property
    def payer(self) -> Account:
        """Who has money, on every chain."""
        return self._account(PAYER)

    @property
    def pay_to(self) -> str:
        return self._account(PAY_TO).address

    @property
    def parts(self) -> Sequence[Part]:
        return [self.facilitator.part, *(each.part for each in self.nodes.values())]

    def parameters(self) -> dict[str, str]:
        """The template's, for a stack that is paid here."""
        urls = {rpc_parameter(name): each.rpc_url for name, each in self.nodes.items()}
        return {
            "PaymentNetworks": ",".join(self.nodes),
            "PayTo": self.pay_to,
            "FacilitatorUrl": self.facilitator.url,
            "PaymentConfirmations": "1",
            **urls,
        }

    def _account(self, number: int) -> Account:
        return next(iter(self.nodes.values())).accounts[number]

    def description(self) -> dict[str, Any]:
        """What a client needs to pay."""
        return {
            "networks": {
                name: {"rpcUrl": each.rpc_url, "chainId": each.chain_id, "asset": each.asset}
                for name, each in self.nodes.items()
            },
            "payTo": self.pay_to,
            "facilitatorUrl": self.facilitator.url,
            "payer": {"address": self.payer.address, "privateKey": self.payer.private_key},
        }


def rpc_parameter(network: str) -> str:
    """`BaseSepoliaRpcUrl` of base-sepolia."""
    return f"{network.title().replace('-', '')}RpcUrl"


@contextmanager
def chains(folder: Path, names: Sequence[str] = DEFAULT) -> Iterator[Chains]:
    """Run these networks' stand-ins and a facilitator for them until the end of the block."""
    if not CONTRACTS.exists():
        raise LocalStackError("payments need Node.js with npm, for a blockchain to pay on")
    with ExitStack() as cleanup:
        nodes = {name: cleanup.enter_context(node(name, folder)) for name in names}
        for each in nodes.values():
            each.mint(each.accounts[PAYER].address, RICHES)
        yield Chains(nodes, cleanup.enter_context(facilitator(nodes, folder)))


@contextmanager
def facilitator(nodes: Mapping[str, Node], folder: Path) -> Iterator[Facilitator]:
    """It pays the gas from an account of its own."""
    known = {n: {"chainId": each.chain_id, "rpcUrl": each.rpc_url} for n, each in nodes.items()}
    key = next(iter(nodes.values())).accounts[FACILITATOR].private_key
    with bound(0) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        part = Part(
            "the facilitator",
            [
                *(tool("chain/bin/python"), "-m", "local.chain.facilitator"),
                *(str(door.fileno()), json.dumps(known)),
            ],
            env={"PYTHONPATH": str(ROOT), "FACILITATOR_KEY": key},
            log=folder / "facilitator.log",
            pass_fds=[door.fileno()],
        )
    with part:
        part.wait_until(lambda: answers(f"{url}/supported"))
        yield Facilitator(url, part)
