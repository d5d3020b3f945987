"""What a change of a docs job's status starts."""

from types import SimpleNamespace

import pytest

from jobs.core.status import JobStatus
from jobs.docs.kind import DocsKind
from tests.fakes.memory import Outbox


@pytest.mark.parametrize(("status", "sent"), [("QUEUED", True), ("RUNNING", False)])
def test_queued_job_is_sent_again_in_case_its_branch_was_just_released(
    a_docs_job, status, sent
) -> None:
    job, queue = a_docs_job(status=JobStatus(status)), Outbox()

    followed = DocsKind(SimpleNamespace(docs_queue=queue)).follow(job)

    assert followed is sent
    assert queue.sent == [job.ref] * sent
