"""Local blockchains for payments: nodes, a stand-in for USDC, and an x402 facilitator.

Chain ids and addresses equal those of the real networks, so that unmodified clients can pay here.
The accounts are anvil's well-known ones, and the money is worthless.
"""
