"""The lease of a worker that runs elsewhere, on a job that it has claimed."""

from typing import Final

from jobs.kit.clock import Millis

FIRST_LEASE: Final[Millis] = 10_000
"""Until the first heartbeat. Nothing tells a server that a client hung up while its claim waited:
the job that it claims for nobody is lost for this time only.
"""
LEASE: Final[Millis] = 30_000
HEARTBEAT_S: Final = 10
