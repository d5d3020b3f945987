"""Structured logs: one JSON object a line, on standard error."""

import logging
import os
import sys
from typing import Final

_SERVICE: Final = "sortie"


def set_up_logs(level: str) -> None:
    """Log like the functions do, also what libraries and other modules log."""
    os.environ["POWERTOOLS_SERVICE_NAME"] = _SERVICE
    from jobs.kit.lambda_handler import logger  # noqa: PLC0415 - it reads the name

    [handler] = logger.handlers
    assert isinstance(handler, logging.StreamHandler)  # noqa: S101 - Powertools' own
    handler.setStream(sys.stderr)
    logger.setLevel(level)
    logging.getLogger(_SERVICE).propagate = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
