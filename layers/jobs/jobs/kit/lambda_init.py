"""Lambda's init phase: the imports before a function's first call.

A whole CPU is there. In a call, a function of 512 MB has a third of one. So what the first call
needs is made in init. Until the first call, the garbage collector rests: imports leave no garbage.
Only Lambda sets the variable:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

import gc
import os
from collections.abc import Callable
from contextlib import suppress

from jobs.kit.aws.clients import clients

type Needs = Callable[[], object]
"""Asks a wiring for all that the first call needs. Only the asking counts, not what it returns."""


def no_needs() -> None:
    """Of a function without a wiring."""


def make_ahead(needs: Needs) -> None:
    """In init, make what the first call needs, and open its connections to AWS.

    What fails is not made: the first call tries again, and it words the failure.
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE"):
        with suppress(Exception):
            needs()
            clients.connect()


def end_init() -> None:
    """Let the garbage collector work again, without what lives as long as the process."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
