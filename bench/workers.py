"""Measure the whole cost of a message that a program of the tenant's own answers."""

from typing import Any, Final, override

from bench import cost, requests
from bench.calls import Operation, measure_operation
from bench.cost import compute_usage, price_thousand
from bench.job import DEADLINE_MS, POLLER_REQUESTS, MessageRunner, price_jobs, run_jobs
from bench.recording import Recording
from bench.report import Section
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from jobs.core.job import JobRef
from local.kit.progress import step

CALLER: Final = {"tenant": requests.TENANT, "scopes": "*"}
NOTES: Final = """\
List prices of us-east-1 and Lambda's time as above. The worker claims the job at once, sends one
heartbeat and completes it; the caller reads the answer once. Each further heartbeat, one in ten
seconds, costs as much as the row `heartbeat` tells, and a request. A claim that waits costs its
function's time: with 128 MB, $1.67 per million and second.
"""


def run(setting: Setting) -> Section:
    with open_sandbox(setting.stack, "workers") as sandbox, step("workers: a job, and a look"):
        look = measure_operation(
            sandbox, "a look for jobs", Operation("agent_workers.claim_jobs", lambda: claim(0))
        )
        recording, cpu, logged = run_jobs(WorkerRunner(sandbox), sandbox, quick=setting.quick)
    services, extras = price_jobs(recording, cpu, logged)
    return Section(
        title="One job of a worker",
        rows=[
            look,
            *recording.rows(),
            recording.total(lambda_ms=compute_usage(recording, cpu_ms=cpu).lambda_ms),
            *cost.build_rows("a million jobs of workers", services, extras),
        ],
        notes=NOTES,
        thousand={"messages that a worker answers": price_thousand(services, extras)},
    )


def claim(wait_s: int) -> requests.Event:
    body = {"agents": [requests.WORKER_AGENT], "waitSeconds": wait_s}
    return requests.request(body=body, caller=CALLER)


class WorkerRunner(MessageRunner):
    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.take_all("AGENT_QUEUE_URL")

    @override
    def run(self) -> Recording:
        recording = self.recording = Recording()
        body = requests.create(timeout_ms=DEADLINE_MS, agentId=requests.WORKER_AGENT)
        job_id = recording.job_id = self.serve("create", "messaging.create_job", body)["jobId"]
        created = self.changes()
        self.work("run", "workers.run_agent_job", {"Records": [self.message("AGENT_QUEUE_URL")]})
        self.work("dispatch", "workers.dispatch_jobs", {"Records": created})
        recording.polled = POLLER_REQUESTS

        [job] = self.serve("claim", "agent_workers.claim_jobs", claim(20))["jobs"]
        self._send("heartbeat", "agent_workers.send_heartbeat", job)
        self._send("complete", "agent_workers.complete_job", job, content="Hello")
        self.changes()
        read = self.serve("read", "messaging.get_job", requests.get_job(job_id))
        if read["status"] != "completed":
            raise RuntimeError(f"the job ended as {read['status']}")
        self.end_at_deadline(JobRef(tenant=requests.TENANT, kind="messaging", id=job_id))
        return recording

    def _send(self, name: str, handler: str, job: Any, **body: Any) -> None:
        sent = requests.request(
            body={"attempt": job["attempt"], **body}, path={"jobId": job["jobId"]}, caller=CALLER
        )
        self.serve(name, handler, sent)
