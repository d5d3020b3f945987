"""Run the local chains and their facilitator together."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from local.chain.node import CONTRACTS, Account, Node, run_node
from local.kit.errors import LocalStackError
from local.kit.network import bind_port, is_responding, request
from local.kit.paths import ROOT, find_tool
from local.kit.process import Process

DEFAULT_NETWORKS: Final = ("base", "polygon")
FACILITATOR_ACCOUNT, PAYER_ACCOUNT, PAY_TO_ACCOUNT = range(3)  # the others are for tests
NODES_SECRET: Final = "sortie/nodes"  # noqa: S105 - its name
PAYER_BALANCE: Final = 1_000_000_000  # 1,000 USDC


@dataclass(frozen=True)
class Facilitator:
    url: str
    process: Process

    def script(self, **faults: str | Sequence[str]) -> None:
        """Replace the faults (see faults.py), and clear the recorded calls."""
        self._request("PUT", "faults", json.dumps(faults).encode())

    def calls(self) -> Any:
        """Return the recorded calls, each an `operation` with its body's fields."""
        return self._request("GET", "calls")

    def _request(self, method: str, path: str, body: bytes | None = None) -> Any:
        status, content = request(method, f"{self.url}/{path}", body, timeout_s=10)
        if status != HTTPStatus.OK:
            raise LocalStackError(f"the facilitator refused {path} with {status}: {content!r}")
        return json.loads(content)


@dataclass(frozen=True)
class Chains:
    nodes: Mapping[str, Node]
    facilitator: Facilitator

    @property
    def payer(self) -> Account:
        """The account with money on every chain."""
        return self._account(PAYER_ACCOUNT)

    @property
    def pay_to(self) -> str:
        return self._account(PAY_TO_ACCOUNT).address

    @property
    def processes(self) -> Sequence[Process]:
        return [self.facilitator.process, *(each.process for each in self.nodes.values())]

    def parameters(self) -> dict[str, str]:
        """Return the template parameters for payments on these chains."""
        return {
            "PaymentNetworks": ",".join(self.nodes),
            "PayTo": self.pay_to,
            "FacilitatorUrl": self.facilitator.url,
            "PaymentConfirmations": "1",
            "PaymentNodesSecret": NODES_SECRET,
        }

    def nodes_secret(self) -> str:
        """Return the content of the secret with the nodes' URLs."""
        return json.dumps({name: each.rpc_url for name, each in self.nodes.items()})

    def description(self) -> dict[str, Any]:
        """Return the addresses and the key that a paying client needs."""
        return {
            "networks": {
                name: {"rpcUrl": each.rpc_url, "chainId": each.chain_id, "asset": each.asset}
                for name, each in self.nodes.items()
            },
            "payTo": self.pay_to,
            "facilitatorUrl": self.facilitator.url,
            "payer": {"address": self.payer.address, "privateKey": self.payer.private_key},
        }

    def _account(self, number: int) -> Account:
        return next(iter(self.nodes.values())).accounts[number]


@contextmanager
def run_chains(folder: Path, names: Sequence[str] = DEFAULT_NETWORKS) -> Iterator[Chains]:
    """Run a node for each network, and a facilitator, until the end of the block.

    Raises:
        LocalStackError: Node.js, npm or anvil is missing, or a process cannot start.

    """
    if not CONTRACTS.exists():
        raise LocalStackError("payments need a local blockchain: install Node.js with npm")
    with ExitStack() as cleanup:
        nodes = {name: cleanup.enter_context(run_node(name, folder)) for name in names}
        for each in nodes.values():
            each.mint(each.accounts[PAYER_ACCOUNT].address, PAYER_BALANCE)
        yield Chains(nodes, cleanup.enter_context(run_facilitator(nodes, folder)))


@contextmanager
def run_facilitator(nodes: Mapping[str, Node], folder: Path) -> Iterator[Facilitator]:
    """Run the facilitator, which pays gas from an account of its own."""
    chains = {n: {"chainId": each.chain_id, "rpcUrl": each.rpc_url} for n, each in nodes.items()}
    key = next(iter(nodes.values())).accounts[FACILITATOR_ACCOUNT].private_key
    with bind_port(0) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        process = Process(
            "the facilitator",
            [
                *(find_tool("chain/bin/python"), "-m", "local.chain.facilitator"),
                *(str(bound.fileno()), json.dumps(chains)),
            ],
            env={"PYTHONPATH": str(ROOT), "FACILITATOR_KEY": key},
            log=folder / "facilitator.log",
            pass_fds=[bound.fileno()],
        )
    with process:
        process.wait_until(lambda: is_responding(f"{url}/supported"))
        yield Facilitator(url, process)
