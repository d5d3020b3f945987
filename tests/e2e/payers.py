"""A caller that pays for jobs, by x402 or by a transaction of its own."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from local.chain.chains import Chains
from local.chain.node import Node
from local.chain.wallet import PRICE, Authorization, sign_personal_message
from local.stack.local_stack import LocalStack
from local.stack.server_process import ServerStack
from tests.e2e.api import USER, Answer, Api, eventually

UNKNOWN = 503


@dataclass(frozen=True)
class Payer:
    api: Api
    chains: Chains

    @classmethod
    def of(cls, stack: LocalStack | ServerStack, api: Api) -> Self:
        assert stack.chains
        return cls(api, stack.chains)

    @property
    def address(self) -> str:
        return self.chains.payer.address

    def node(self, network: str = "base") -> Node:
        return self.chains.nodes[network]

    def authorization(self, network: str = "base", **about: Any) -> Authorization:
        sane = {"payer": self.address, "pay_to": self.chains.pay_to}
        return Authorization(node=self.node(network), **sane | about)

    def ask(
        self, authorization: Authorization, content: str = "Hello", *, version: int = 2, **more: str
    ) -> Answer:
        return self.api.ask(content, headers=authorization.headers(version) | more)

    def repeat_until_known(self, authorization: Authorization, content: str = "Hello") -> Answer:
        """Repeat a request until the outcome of its payment is known."""
        return eventually(
            lambda: self.ask(authorization, content),
            lambda answer: answer.status != UNKNOWN,
            seconds=90,
            pause=2,
        )

    def transfer(self, amount: int = PRICE, *, to: str | None = None) -> str:
        """Send a transaction without a facilitator; return its hash."""
        node, recipient = self.node(), to or self.chains.pay_to
        method = "transfer(address,uint256)"
        return node.send(self.address, node.asset, "Token", method, recipient, amount)

    def show(
        self, transaction: str, content: str = "Hello", *, signer: str | None = None, **more: str
    ) -> Answer:
        """Request a job for a transaction."""
        body = json.dumps({"userId": USER, "content": content}).encode()
        text = f"base\n{transaction}\n{hashlib.sha256(body).hexdigest()}"
        signature = sign_personal_message(self.node(), signer or self.address, text)
        headers = {
            "X-PAYMENT": transaction,
            "X-PAYMENT-NETWORK": "base",
            "X-PAYMENT-SIGNATURE": signature,
        }
        return self.api.post("/api/messaging/jobs", body, headers | more)

    def service_balance(self, network: str = "base") -> int:
        """Return the balance of the service's wallet, in atomic units."""
        return self.node(network).balance(self.chains.pay_to)

    def jobs(self, contents: Sequence[str]) -> list[str]:
        """Return the prompts among `contents` that became jobs, once for each job."""
        listed = self.api.listed(limit=100)["jobs"]
        return [each["prompt"] for each in listed if each["prompt"] in contents]
