"""Reading jobs: deadlines, isolation of tenants, and unchanged content."""

from urllib.parse import quote
from uuid import uuid4

from jobs.core.job import JobRef
from tests.e2e.api import JOBS, Api, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus

BOTH_WAYS = True

TIMED_OUT = "Job timed out waiting for agent response"
NOT_FOUND = b'{"success":false,"error":"Job not found","code":"JOB_NOT_FOUND"}'
NO_IDS = ["x" * 2000, " ", "\0", "😀", "../../etc", "' OR 1=1", "#request", "health2"]


def test_unanswered_job_at_its_deadline_times_out(api: Api, bus: Bus, cloud: Cloud) -> None:
    ref = JobRef(tenant=api.tenant, kind="messaging", id=api.create("/silent", timeoutMs=4000))

    job = api.until(ref.id)

    assert (job["status"], job["error"]) == ("timeout", TIMED_OUT)
    assert "result" not in job
    assert api.listed()["jobs"] == [job]
    eventually(lambda: cloud.status(ref), lambda status: status == "TIMED_OUT")
    assert api.job(ref.id) == job
    assert api.listed(status="timeout")["jobs"] == [job]
    health = eventually(api.health, lambda seen: seen["statusCounts"]["timeout"] == 1)
    assert health["totalJobs"] == 1
    assert health["metrics"]["timeoutRate"] == 1
    bus.until(ref.id, "PENDING", "RUNNING", "TIMED_OUT")


def test_unknown_ids_and_foreign_jobs_return_the_same_404(make_tenant) -> None:
    owner, stranger = make_tenant(), make_tenant()
    job_id = owner.create()
    owner.until(job_id)
    ids = [job_id, job_id.upper(), f"{job_id}x", str(uuid4()), "nonsense"]

    answers = [stranger.get(f"{JOBS}/{each}") for each in ids]
    unusual = [stranger.get(f"{JOBS}/{quote(each, safe='')}") for each in NO_IDS]

    assert {(answer.status, answer.body) for answer in answers} == {(404, NOT_FOUND)}
    assert {answer.error[0] for answer in unusual} == {404}  # the function's or the gateway's
    assert stranger.listed()["total"] == 0
    assert stranger.health()["totalJobs"] == 0
    assert stranger.cancel(job_id).status == 404


def test_head_answers_as_get_without_a_body(api: Api) -> None:
    job_id = api.create()
    job = api.until(job_id)

    got, head = (api.send(method, f"{JOBS}/{job_id.upper()}") for method in ("GET", "HEAD"))

    assert (got.status, got.json) == (200, job)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert api.send("HEAD", f"{JOBS}/{uuid4()}").status == 404


def test_large_unusual_message_comes_back_unchanged(api: Api) -> None:
    content = '\t\n\u2028<b>&amp;"}ﷺ' + "😀" * 24_980 + "ü~"
    job_id = api.create(content, metadata={"k": "x" * 9_900})

    job = api.until(job_id)

    assert job["prompt"] == content
    assert job["result"]["message"]["content"] == content
    assert api.listed()["jobs"] == [job]
