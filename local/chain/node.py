"""A node of a chain of its own, with a token in USDC's place and rich accounts."""

import itertools
import json
import platform
import re
import shutil
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from local.kit.errors import LocalStackError
from local.kit.process import Part

PACKAGES: Final = Path(__file__).with_name("node_modules")
CONTRACTS: Final = PACKAGES / ".contracts.json"
BLOCK_SECONDS: Final = 2  # and a block at once for each transaction
TIMEOUT_SECONDS: Final = 10
GAS: Final = 3_000_000  # enough for anything here
NETWORKS: Final[Mapping[str, tuple[int, str]]] = {  # chain id, USDC
    "base": (8453, "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"),
    "polygon": (137, "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"),
    "base-sepolia": (84532, "0x036cbd53842c5426634e7929541ec2318f3dcf7e"),
}
MULTICALL: Final = "0xca11bde05977b3631167028862be2a173976ca11"
_ids = itertools.count(1)


class ChainError(Exception):
    """A node's own words for what it will not do."""


@dataclass(frozen=True)
class Account:
    """One of anvil's: the node signs for it, too."""

    address: str
    private_key: str


@dataclass(frozen=True)
class Node:
    name: str
    chain_id: int
    asset: str
    rpc_url: str
    accounts: Sequence[Account]
    part: Part

    def rpc(self, method: str, *params: Any) -> Any:
        """Raises ChainError."""
        asked = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params}
        request = urllib.request.Request(  # noqa: S310 - our own node
            self.rpc_url, json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            said = json.load(answer)
        if "error" in said:
            raise ChainError(said["error"]["message"])
        return said["result"]

    def read(self, to: str, contract: str, method: str, *arguments: int | str) -> int:
        data = calldata(contract, method, *arguments)
        return int(self.rpc("eth_call", {"to": to, "data": data}, "latest"), 16)

    def send(self, sender: str, to: str, contract: str, method: str, *arguments: int | str) -> str:
        """Return the transaction's hash once it is on the chain, also where it failed."""
        data = calldata(contract, method, *arguments)
        return str(self._mined({"from": sender, "to": to, "data": data})["transactionHash"])

    def deploy(self, sender: str, contract: str) -> str:
        """Return the new contract's address."""
        made = self._mined({"from": sender, "data": contracts()[contract]["creation"]})
        return str(made["contractAddress"])

    def _mined(self, transaction: dict[str, str]) -> Any:
        """Return its receipt. Raises ChainError."""
        sent = self.rpc("eth_sendTransaction", {**transaction, "gas": hex(GAS)})
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not (receipt := self.rpc("eth_getTransactionReceipt", sent)):
            if time.monotonic() > deadline:
                raise ChainError(f"{sent} is not mined")
            time.sleep(0.01)
        return receipt

    def mine_by_itself(self, *, wanted: bool) -> None:
        """Go on, or leave transactions waiting until it is told `evm_mine`."""
        self.rpc("evm_setAutomine", wanted)
        self.rpc("evm_setIntervalMining", BLOCK_SECONDS if wanted else 0)

    def mint(self, to: str, amount: int) -> None:
        """Give somebody USDC, in atomic units."""
        self.send(to, self.asset, "Token", "mint(address,uint256)", to, amount)

    def balance(self, of: str) -> int:
        return self.read(self.asset, "Token", "balanceOf(address)", of)


def calldata(contract: str, method: str, *arguments: int | str) -> str:
    """Encode a call whose arguments are numbers, or addresses and words in hex."""
    numbers = (int(each, 16) if isinstance(each, str) else each for each in arguments)
    words = "".join(f"{each:064x}" for each in numbers)
    return f"0x{contracts()[contract]['methods'][method]}{words}"


@cache
def contracts() -> Any:
    return json.loads(CONTRACTS.read_text())


@contextmanager
def node(name: str, folder: Path) -> Iterator[Node]:
    """Run a network's stand-in until the end of the block."""
    chain_id, asset = NETWORKS[name]
    config, log = folder / f"{name}.json", folder / f"{name}.log"
    part = Part(
        f"the node of {name}",
        [
            *(anvil(), "--host", "127.0.0.1", "--port", "0", "--chain-id", str(chain_id)),
            *("--block-time", str(BLOCK_SECONDS), "--mixed-mining", "--config-out", config),
        ],
        env={},
        log=log,
    )
    with part:
        part.wait_until(lambda: listening(log) is not None)
        told = json.loads(config.read_text())
        keys = zip(told["available_accounts"], told["private_keys"], strict=True)
        accounts = [Account(address, key) for address, key in keys]
        started = Node(name, chain_id, asset, f"http://{listening(log)}", accounts, part)
        for address, contract in {asset: "Token", MULTICALL: "Multicall"}.items():
            started.rpc("anvil_setCode", address, contracts()[contract]["code"])
        yield started


def listening(log: Path) -> str | None:
    found = re.search(r"^Listening on (\S+)$", log.read_text(), re.MULTILINE)
    return found[1] if found else None


def anvil() -> Path:
    """The program that npm brought, or else the one on PATH."""
    machine = "arm64" if platform.machine() in {"aarch64", "arm64"} else "amd64"
    brought = PACKAGES / f"@foundry-rs/anvil-{sys.platform}-{machine}/bin/anvil"
    if brought.exists():
        return brought
    if installed := shutil.which("anvil"):
        return Path(installed)
    raise LocalStackError("payments need anvil: https://getfoundry.sh installs it")
