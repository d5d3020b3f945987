"""Blockchains of this machine's own, for payments: nodes, a token in USDC's place, a facilitator.

Chain ids and addresses are those of the real networks, so that unmodified clients pay here as they
do there; the accounts are anvil's well-known ones, and the money is worth nothing.
"""
