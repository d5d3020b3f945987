"""All that one message job costs: create, work, answer, five polls, deadline."""

from typing import Final

from bench import requests
from bench.course import Course, Walk
from bench.price import Usage, beside_the_budget, billed_ms, per_million
from bench.report import Row, Section
from bench.scene import scene
from bench.setting import Setting, median
from bench.transitions import definition, history, polls, transitions
from jobs.adapters import messages
from jobs.domain.job import JobRef
from local.progress import step

POLLS: Final = 5
JOBS: Final = 12
QUICK_JOBS: Final = 4
WARM_UP: Final = 2
TRANSITIONS_BUDGET: Final = 3
PRICE_BUDGET: Final = 100
REMOTE_S: Final = 10
POLLER_REQUESTS: Final = 2
"""Receiving and deleting a message, which Lambda does for the worker."""
DEADLINE_MS: Final = 5_000
NOTES: Final = """\
us-east-1 list prices, arm64; caches warm, as in a busy system (a lone job adds one call of the
authorizer and two reads of the registry); the stream's records come one by one, the dearest
way; free tiers, storage and backups left out.

Lambda's time is an estimate: CPU time here over the share of a CPU that 512 MB buys, and 5 ms
of waiting per AWS call; cold starts and the agent's own thinking left out ($6.67 a million jobs
for each second of it).

A transition is a state entered, as AWS words it; if the start counts as one more, add $25.

Logs, X-Ray at its default 5 % and data transfer are no part of the budget; they can be turned
down.
"""


class Line(Walk):
    """The assembly line of message jobs."""

    def run(self) -> Course:
        course = self.course = Course()
        event = requests.create(timeout_ms=DEADLINE_MS)
        job_id = course.job_id = self.serve("create", "messaging.create_job", event)["jobId"]
        self.work("dispatch", "workers.dispatch_jobs", {"Records": self.changes()})
        self.work("run", "workers.run_agent_job", {"Records": [self.message("AGENT_QUEUE_URL")]})
        course.polled = POLLER_REQUESTS
        for _ in range(POLLS):
            job = self.serve("polls", "messaging.get_job", requests.of_job(job_id))
        if job["status"] != "completed":
            raise RuntimeError(f"the job ended as {job['status']}")
        ref = JobRef(tenant=requests.TENANT, dialect="messaging", id=job_id)
        self.work("deadline", "workers.expire_job", messages.spelled(ref))
        return course


def run(setting: Setting) -> Section:
    count = QUICK_JOBS if setting.quick else JOBS
    with scene(setting.stack, "job") as stage, step(f"job: {count} jobs from end to end"):
        stage.call("messaging.create_job", requests.create())  # what is kept, is known from now on
        line = Line(stage)
        courses = []
        for _ in range(WARM_UP + count):
            size = stage.log.size
            course = line.run()
            line.changes()  # those of the worker
            courses.append((course, stage.log.size - size))
        course, logged = courses[-1]
        seen = len(
            history(
                stage.client("stepfunctions"), stage.environment["JOB_TIMEOUT_ARN"], course.job_id
            )
        )
    cpu = median([each.cpu_ms for each, _ in courses[WARM_UP:]])
    entered = transitions(definition("job_timeout"))
    used = usage(course, cpu_ms=cpu, entered=entered)
    rows = [
        *course.rows(),
        course.total(lambda_ms=used.lambda_ms),
        *time_keeping(entered, seen),
        *money(used, course, logged),
    ]
    return Section(title=f"One job, {POLLS} polls", rows=rows, notes=NOTES)


def usage(course: Course, *, cpu_ms: float, entered: int) -> Usage:
    calls = course.calls
    return Usage(
        requests=course.requests,
        invocations=course.invocations,
        lambda_ms=billed_ms(cpu_ms=cpu_ms, calls=calls.total),
        write_units=calls.write_units,
        read_units=calls.read_units,
        queue_requests=calls.of("sqs") + course.polled,
        transitions=entered,
        events=calls.of("events"),
    )


def time_keeping(entered: int, seen: int) -> list[Row]:
    count = polls(REMOTE_S)
    remote = transitions(definition("job_poll"), laps=count)
    return [
        Row(
            what="transitions",
            value=entered,
            budget=TRANSITIONS_BUDGET,
            beside={"in an execution's history": seen},
        ),
        Row(
            what=f"transitions, remote agent, {REMOTE_S} s",
            value=entered + remote,
            beside={"polls": count},
        ),
    ]


def money(used: Usage, course: Course, log_bytes: float) -> list[Row]:
    services = per_million(used)
    beside = beside_the_budget(
        log_bytes=log_bytes,
        invocations=used.invocations,
        traces=used.invocations,
        answer_bytes=course.answer_bytes,
    )
    return [
        *(Row(what=name, value=dollars, unit="$/M") for name, dollars in services.items()),
        Row(what="a million jobs", value=sum(services.values()), unit="$/M", budget=PRICE_BUDGET),
        Row(
            what="beside the budget",
            value=sum(beside.values()),
            unit="$/M",
            beside={f"$/M {name}": dollars for name, dollars in beside.items()},
        ),
    ]
