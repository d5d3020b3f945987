"""All that one message job costs: create, work, answer, five polls, deadline."""

from collections.abc import Mapping
from typing import Final

from bench import cost, requests
from bench.cost import a_thousand, accompanying, usage
from bench.course import Course, Walk
from bench.price import per_million
from bench.report import Row, Section
from bench.requests import Event
from bench.scene import Scene, scene
from bench.setting import Setting, median
from bench.transitions import definition, history, polls, transitions
from jobs.core.adapters import messages
from jobs.core.job import JobRef
from local.kit.progress import step

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

    def create(self) -> Event:
        return requests.create(timeout_ms=DEADLINE_MS)

    def run(self) -> Course:
        course = self.course = Course()
        created = self.serve("create", "messaging.create_job", self.create())
        job_id = course.job_id = created["jobId"]
        self.work("dispatch", "workers.dispatch_jobs", {"Records": self.changes()})
        self.work("run", "workers.run_agent_job", {"Records": [self.message("AGENT_QUEUE_URL")]})
        course.polled = POLLER_REQUESTS
        self.changes()  # those of the worker
        for _ in range(POLLS):
            job = self.serve("polls", "messaging.get_job", requests.of_job(job_id))
        if job["status"] != "completed":
            raise RuntimeError(f"the job ended as {job['status']}")
        ref = JobRef(tenant=requests.TENANT, dialect="messaging", id=job_id)
        self.work("deadline", "workers.expire_job", messages.spelled(ref))
        return course


def run(setting: Setting) -> Section:
    with scene(setting.stack, "job") as stage, step("job: one after the other, end to end"):
        stage.call("messaging.create_job", requests.create())  # what is kept, is known from now on
        course, cpu, logged = walked(Line(stage), stage, quick=setting.quick)
        seen = len(
            history(
                stage.client("stepfunctions"), stage.environment["JOB_TIMEOUT_ARN"], course.job_id
            )
        )
    services, beside = money(course, cpu, logged)
    return Section(
        title=f"One job, {POLLS} polls",
        rows=[
            *course.rows(),
            course.total(lambda_ms=usage(course, cpu_ms=cpu).lambda_ms),
            *time_keeping(transitions(definition("job_timeout")), seen),
            *cost.rows("a million jobs", services, beside, budget=PRICE_BUDGET),
        ],
        notes=NOTES,
        thousand={f"messages, polled {POLLS} times": a_thousand(services, beside)},
    )


def walked(line: Line, stage: Scene, *, quick: bool) -> tuple[Course, float, int]:
    """Return the last of several courses, the median of their CPU time, and the bytes it logged."""
    courses = []
    for _ in range(WARM_UP + (QUICK_JOBS if quick else JOBS)):
        size = stage.log.size
        course = line.run()
        courses.append((course, stage.log.size - size))
    course, logged = courses[-1]
    return course, median([each.cpu_ms for each, _ in courses[WARM_UP:]]), logged


def money(
    course: Course, cpu_ms: float, log_bytes: int
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Dollars for a million jobs with a deadline, by service, and what goes along with them."""
    used = usage(course, cpu_ms=cpu_ms, transitions=transitions(definition("job_timeout")))
    return per_million(used), accompanying(used, course, log_bytes)


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
