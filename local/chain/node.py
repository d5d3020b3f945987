"""Run the node of a local chain, with a stand-in for USDC and funded accounts."""

import itertools
import json
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from local.kit.errors import LocalStackError
from local.kit.network import request
from local.kit.process import Process

PACKAGES: Final = Path(__file__).with_name("node_modules")
CONTRACTS: Final = PACKAGES / ".contracts.json"
BLOCK_S: Final = 2  # between empty blocks; each transaction gets a block at once
TIMEOUT_S: Final = 10
GAS_LIMIT: Final = 3_000_000  # enough for every transaction here
NETWORKS: Final[Mapping[str, tuple[int, str]]] = {  # chain id, USDC
    "base": (8453, "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"),
    "polygon": (137, "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"),
    "base-sepolia": (84532, "0x036cbd53842c5426634e7929541ec2318f3dcf7e"),
}
MULTICALL: Final = "0xca11bde05977b3631167028862be2a173976ca11"
_ids = itertools.count(1)


class ChainError(Exception):
    """A node has refused a call; the text is the node's own."""


@dataclass(frozen=True)
class Account:
    """One of anvil's accounts, for which the node signs, too."""

    address: str
    private_key: str


@dataclass(frozen=True)
class Node:
    name: str
    chain_id: int
    asset: str
    rpc_url: str
    accounts: Sequence[Account]
    process: Process

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method.

        Raises:
            ChainError: The node has refused it.

        """
        call = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params}
        body, headers = json.dumps(call).encode(), {"Content-Type": "application/json"}
        _, content = request("POST", self.rpc_url, body, headers, TIMEOUT_S)
        answer = json.loads(content)
        if "error" in answer:
            raise ChainError(answer["error"]["message"])
        return answer["result"]

    def read(self, to: str, contract: str, method: str, *arguments: int | str) -> int:
        data = encode_call(contract, method, *arguments)
        return int(self.rpc("eth_call", {"to": to, "data": data}, "latest"), 16)

    def send(self, sender: str, to: str, contract: str, method: str, *arguments: int | str) -> str:
        """Return the transaction's hash once it is mined, even if it has failed."""
        data = encode_call(contract, method, *arguments)
        return str(self._mine({"from": sender, "to": to, "data": data})["transactionHash"])

    def deploy(self, sender: str, contract: str) -> str:
        """Return the new contract's address."""
        receipt = self._mine({"from": sender, "data": load_contracts()[contract]["creation"]})
        return str(receipt["contractAddress"])

    def _mine(self, transaction: dict[str, str]) -> Any:
        """Send the transaction and return its receipt.

        Raises:
            ChainError: The node has refused it, or does not mine it in time.

        """
        tx_hash = self.rpc("eth_sendTransaction", {**transaction, "gas": hex(GAS_LIMIT)})
        deadline = time.monotonic() + TIMEOUT_S
        while not (receipt := self.rpc("eth_getTransactionReceipt", tx_hash)):
            if time.monotonic() > deadline:
                raise ChainError(f"{tx_hash} was not mined within {TIMEOUT_S} s")
            time.sleep(0.01)
        return receipt

    def set_automine(self, *, enabled: bool) -> None:
        """Mine by itself, or leave transactions pending until a call of `evm_mine`."""
        self.rpc("evm_setAutomine", enabled)
        self.rpc("evm_setIntervalMining", BLOCK_S if enabled else 0)

    def mint(self, to: str, amount: int) -> None:
        """Give an account USDC, in atomic units."""
        self.send(to, self.asset, "Token", "mint(address,uint256)", to, amount)

    def balance(self, of: str) -> int:
        return self.read(self.asset, "Token", "balanceOf(address)", of)


def encode_call(contract: str, method: str, *arguments: int | str) -> str:
    """Encode a call; arguments are numbers, or addresses and words in hex."""
    numbers = (int(each, 16) if isinstance(each, str) else each for each in arguments)
    words = "".join(f"{each:064x}" for each in numbers)
    return f"0x{load_contracts()[contract]['methods'][method]}{words}"


@cache
def load_contracts() -> Any:
    return json.loads(CONTRACTS.read_text())


@contextmanager
def run_node(name: str, folder: Path) -> Iterator[Node]:
    """Run a network's stand-in until the end of the block.

    Raises:
        LocalStackError: Anvil is missing, or does not start.

    """
    chain_id, asset = NETWORKS[name]
    config, log = folder / f"{name}.json", folder / f"{name}.log"
    process = Process(
        f"the node of {name}",
        [
            *(find_anvil(), "--host", "127.0.0.1", "--port", "0", "--chain-id", str(chain_id)),
            *("--block-time", str(BLOCK_S), "--mixed-mining", "--config-out", config),
            "--no-cors",  # else every web page may call
        ],
        env={},
        log=log,
    )
    with process:
        process.wait_until(lambda: find_address(log) is not None)
        written = json.loads(config.read_text())
        keys = zip(written["available_accounts"], written["private_keys"], strict=True)
        accounts = [Account(address, key) for address, key in keys]
        started = Node(name, chain_id, asset, f"http://{find_address(log)}", accounts, process)
        for address, contract in {asset: "Token", MULTICALL: "Multicall"}.items():
            started.rpc("anvil_setCode", address, load_contracts()[contract]["code"])
        yield started


def find_address(log: Path) -> str | None:
    found = re.search(r"^Listening on (\S+)$", log.read_text(), re.MULTILINE)
    return found[1] if found else None


def find_anvil() -> Path:
    """Return the program that npm installed, else the one on PATH."""
    machine = "arm64" if platform.machine() in {"aarch64", "arm64"} else "amd64"
    packaged = PACKAGES / f"@foundry-rs/anvil-{sys.platform}-{machine}/bin/anvil"
    if packaged.exists():
        return packaged
    if installed := shutil.which("anvil"):
        return Path(installed)
    raise LocalStackError("payments need anvil: install it from https://getfoundry.sh")
