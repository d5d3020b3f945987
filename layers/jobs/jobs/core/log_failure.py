"""Tell the operator why a job failed."""

import logging
from typing import Final

from jobs.core.job import JobRef
from jobs.kit.errors import RefusedError, UpstreamError

_log: Final = logging.getLogger(__name__)


def log_failure(ref: JobRef, error: UpstreamError | RefusedError) -> None:
    """Log the failure's class, and the peer's status and own words."""
    why = f"{error} ({error.detail})" if error.detail else str(error)
    _log.warning("job %s of %s failed, %s: %s", ref.id, ref.tenant, error.failure_class.value, why)
