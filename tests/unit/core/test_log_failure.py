import pytest

from jobs.core.log_failure import log_failure
from jobs.kit.errors import FailureClass, RefusedError, UpstreamError


@pytest.mark.parametrize(("error", "line"), [
    (
        UpstreamError("The model is busy", FailureClass.QUOTA, detail="429: 10 requests a minute"),
        "failed, quota: The model is busy (429: 10 requests a minute)",
    ),
    (RefusedError("The order is too large"), "failed, refused: The order is too large"),
])  # fmt: skip
def test_failure_is_logged_with_the_peers_words(a_job, caplog, error, line) -> None:
    job = a_job()

    log_failure(job.ref, error)

    assert caplog.messages == [f"job {job.id} of {job.tenant} {line}"]
