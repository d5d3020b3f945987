"""Measure the whole cost of a message job: create, work, answer, five polls, deadline."""

import os
from collections.abc import Mapping
from typing import Final
from unittest.mock import patch

from bench import cost, requests
from bench.cost import compute_extras, compute_usage, price_thousand
from bench.price import price_million
from bench.recording import Recording, Runner
from bench.report import Row, Section
from bench.requests import Event
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting, median
from bench.transitions import count_transitions, load_definition, wait_for_history
from jobs.core.adapters import messages
from jobs.core.job import JobRef
from jobs.messaging.message import KIND
from jobs.messaging.poll import Poll
from local.kit.progress import step

POLLS: Final = 5
JOBS: Final = 12
QUICK_JOBS: Final = 4
WARM_UP: Final = 2
TRANSITIONS_BUDGET: Final = 3
PRICE_BUDGET: Final = 100
REMOTE_S: Final = 10
POLLER_REQUESTS: Final = 2
"""Lambda receives and deletes the message for the worker."""
FROM_OUTSIDE: Final = 3
"""The same, after a state machine has sent the message."""
DEADLINE_MS: Final = 5_000
NOTES: Final = """\
List prices of us-east-1, arm64. Caches are warm, as in a busy system (a lone job adds one call of
the authorizer and two reads of the registry). The stream's records come one by one, the most
expensive way. Free tiers, storage and backups are excluded. The worker claims the job before
dispatch_jobs reads it, as usual.

Lambda's time is an estimate: the CPU time here, divided by the CPU share of 512 MB, and 5 ms of
waiting per AWS call. Cold starts and the agent's own time are excluded ($6.67 per million jobs and
second).

A transition is an entered state, as AWS defines it; if the start counts as one more, add $25.

Logs, X-Ray at its default of 5 % and data transfer are outside the budget; they can be reduced.
"""


class MessageRunner(Runner):
    """Runs message jobs, one after the other."""

    def create(self) -> Event:
        return requests.create(timeout_ms=DEADLINE_MS)

    def run(self) -> Recording:
        recording = self.recording = Recording()
        job_id = self.serve("create", "messaging.create_job", self.create())["jobId"]
        recording.job_id = job_id
        created = self.changes()
        self.work("run", "workers.run_agent_job", {"Records": [self.message("AGENT_QUEUE_URL")]})
        self.work("dispatch", "workers.dispatch_jobs", {"Records": created})
        recording.polled = POLLER_REQUESTS
        self.changes()  # the worker's
        for _ in range(POLLS):
            job = self.serve("polls", "messaging.get_job", requests.get_job(job_id))
        if job["status"] != "completed":
            raise RuntimeError(f"the job ended as {job['status']}")
        ref = JobRef(tenant=requests.TENANT, kind="messaging", id=job_id)
        self.end_at_deadline(ref)
        return recording

    def end_at_deadline(self, ref: JobRef) -> None:
        """Process the message that the job's execution or its dispatcher has sent."""
        record = {"messageId": "bench", "receiptHandle": "bench", "body": messages.to_text(ref)}
        self.work("deadline", "workers.expire_job", {"Records": [record]})
        held = os.environ["DEADLINES"] == "queue"
        self.recording.polled += POLLER_REQUESTS if held else FROM_OUTSIDE


def run(setting: Setting) -> Section:
    with (
        open_sandbox(setting.stack, "job") as sandbox,
        step("job: one after the other, end to end"),
    ):
        sandbox.call("messaging.create_job", requests.create())  # fills the caches
        runner = MessageRunner(sandbox)
        runner.take_all("AGENT_QUEUE_URL")
        recording, cpu, logged = run_jobs(runner, sandbox, quick=setting.quick)
        observed = len(
            wait_for_history(
                sandbox.client("stepfunctions"),
                sandbox.environment["JOB_TIMEOUT_ARN"],
                recording.job_id,
            )
        )
        sandbox.forget()
        with patch.dict(os.environ, DEADLINES="queue"):
            held = price_jobs(*run_jobs(MessageRunner(sandbox), sandbox, quick=True), starts=0)
    services, extras = price_jobs(recording, cpu, logged)
    return Section(
        title=f"One job, {POLLS} polls",
        rows=[
            *recording.rows(),
            recording.total(lambda_ms=compute_usage(recording, cpu_ms=cpu).lambda_ms),
            *build_transition_rows(count_transitions(load_definition("job_timeout")), observed),
            *cost.build_rows("a million jobs", services, extras, budget=PRICE_BUDGET),
            Row(
                name="a million jobs, Deadlines=queue",
                value=sum(held[0].values()),
                unit="$/M",
                details={f"$/M {service}": held[0][service] for service in ("SQS",)},
            ),
        ],
        notes=NOTES,
        thousand={f"messages, polled {POLLS} times": price_thousand(services, extras)},
    )


def run_jobs(
    runner: MessageRunner, sandbox: Sandbox, *, quick: bool
) -> tuple[Recording, float, int]:
    """Run jobs; return the last recording, the median CPU time, and the last job's log size."""
    recordings = []
    for _ in range(WARM_UP + (QUICK_JOBS if quick else JOBS)):
        size = sandbox.log.size
        recording = runner.run()
        recordings.append((recording, sandbox.log.size - size))
    recording, logged = recordings[-1]
    return recording, median([each.cpu_ms for each, _ in recordings[WARM_UP:]]), logged


def price_jobs(
    recording: Recording, cpu_ms: float, log_bytes: int, *, starts: int = 1
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the dollars per million jobs with a deadline, by service, and the extras.

    `starts` is the number of executions that a job starts.
    """
    transitions = starts * count_transitions(load_definition("job_timeout"))
    usage = compute_usage(recording, cpu_ms=cpu_ms, transitions=transitions)
    return price_million(usage), compute_extras(usage, recording, log_bytes)


def build_transition_rows(entered: int, observed: int) -> list[Row]:
    return [
        Row(
            name="transitions",
            value=entered,
            budget=TRANSITIONS_BUDGET,
            details={"in an execution's history": observed},
        ),
        Row(name=f"polls, remote agent, {REMOTE_S} s", value=count_polls(REMOTE_S)),
    ]


def count_polls(answered_after_s: float) -> int:
    """Return the number of polls of a remote job until its answer."""
    poll = Poll(ref=JobRef(tenant=requests.TENANT, kind=KIND, id=""))
    waited, count = poll.pause_s, 1
    while waited < answered_after_s:
        poll = poll.next()
        waited += poll.pause_s
        count += 1
    return count
