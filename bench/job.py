"""All that one message job costs: create, work, answer, five polls, deadline."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from bench import requests
from bench.meter import Calls
from bench.price import Usage, beside_the_budget, billed_ms, per_million
from bench.report import Row, Section
from bench.scene import Scene, scene
from bench.setting import Setting, median
from bench.transitions import polls, transitions
from jobs.adapters import messages
from jobs.domain.job import JobRef
from local.paths import ROOT
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
PATIENCE_S: Final = 30
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


@dataclass(slots=True)
class Course:
    """What one job's way through the system took."""

    job_id: str = ""
    invocations: int = 0
    cpu_ms: float = 0
    requests: int = 0
    polled: int = 0
    answer_bytes: int = 0
    by_step: dict[str, Calls] = field(default_factory=dict)

    @property
    def calls(self) -> Calls:
        total = Calls()
        for calls in self.by_step.values():
            total.add(calls)
        return total


class Line:
    """The assembly line: what AWS would do between the functions is done here."""

    def __init__(self, stage: Scene) -> None:
        self._stage = stage
        self._queue = stage.client("sqs")
        self._stream = stage.client("dynamodbstreams")
        [stream] = self._stream.list_streams(TableName=stage.environment["JOB_TABLE"])["Streams"]
        [shard] = self._stream.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"][
            "Shards"
        ]
        self._position = self._stream.get_shard_iterator(
            StreamArn=stream["StreamArn"],
            ShardId=shard["ShardId"],
            ShardIteratorType="LATEST",
        )["ShardIterator"]
        self._course = Course()

    def run(self) -> Course:
        course = self._course = Course()
        event = requests.create(timeout_ms=DEADLINE_MS)
        job_id = self._serve("create", "messaging.create_job", event)["jobId"]
        course.job_id = job_id
        self._work("dispatch", "workers.dispatch_jobs", {"Records": self._changes()})
        self._work("run", "workers.run_agent_job", {"Records": self._messages()})
        course.polled = POLLER_REQUESTS
        for _ in range(POLLS):
            job = self._serve("polls", "messaging.get_job", requests.of_job(job_id))
        if job["status"] != "completed":
            raise RuntimeError(f"the job ended as {job['status']}")
        ref = JobRef(tenant=requests.TENANT, dialect="messaging", id=job_id)
        self._work("deadline", "workers.expire_job", messages.spelled(ref))
        return course

    def _serve(self, name: str, handler: str, event: requests.Event) -> dict[str, Any]:
        self._course.requests += 1
        answer = self._work(name, handler, event)
        self._course.answer_bytes += len(answer["body"])
        body: dict[str, Any] = json.loads(answer["body"])
        return body

    def _work(self, name: str, handler: str, event: Any) -> Any:
        course = self._course
        with self._stage.meter.counting() as calls:
            start = time.process_time()
            answer = self._stage.call(handler, event)
            course.cpu_ms += (time.process_time() - start) * 1000
        course.invocations += 1
        course.by_step.setdefault(name, Calls()).add(calls)
        return answer

    def _changes(self) -> list[Any]:
        """Take new records from the stream and have each published by itself."""
        got = self._stream.get_records(ShardIterator=self._position)
        self._position = got["NextShardIterator"]
        records = [each for each in got["Records"] if _tells_status(each)]
        for each in records:
            self._work("publish", "workers.publish_events", {"Records": [each]})
        return records

    def _messages(self) -> list[Any]:
        [message] = self._queue.receive_message(
            QueueUrl=self._stage.environment["AGENT_QUEUE_URL"], WaitTimeSeconds=5
        )["Messages"]
        spelled = {name[0].lower() + name[1:]: value for name, value in message.items()}
        return [spelled]

    def finish(self) -> None:
        """Publish what the worker's changes have put on the stream."""
        self._changes()


def _tells_status(record: Any) -> bool:
    """The event source's filter (template.yaml)."""
    return "status" in record["dynamodb"].get("NewImage", {})


def run(setting: Setting) -> Section:
    count = QUICK_JOBS if setting.quick else JOBS
    with scene(setting.stack, "job") as stage, step(f"job: {count} jobs from end to end"):
        stage.call("messaging.create_job", requests.create())  # what is kept, is known from now on
        line = Line(stage)
        courses = []
        for _ in range(WARM_UP + count):
            size = stage.log.size
            course = line.run()
            line.finish()
            courses.append((course, stage.log.size - size))
        course, logged = courses[-1]
        seen = states_entered(stage, course.job_id)
    cpu = median([each.cpu_ms for each, _ in courses[WARM_UP:]])
    entered = transitions(definition("job_timeout"))
    used = usage(course, cpu_ms=cpu, entered=entered)
    rows = [*work(course, used), *time_keeping(entered, seen), *money(used, course, logged)]
    return Section(title=f"One job, {POLLS} polls", rows=rows, notes=NOTES)


def states_entered(stage: Scene, job_id: str) -> int:
    """Let the job's deadline come, and read what its execution went through."""
    machine = stage.environment["JOB_TIMEOUT_ARN"]
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{job_id}"
    clock = stage.client("stepfunctions")
    until = time.monotonic() + PATIENCE_S
    while clock.describe_execution(executionArn=execution)["status"] == "RUNNING":
        if time.monotonic() > until:
            raise RuntimeError("the deadline has passed, its execution has not ended")
        time.sleep(0.2)
    events = clock.get_execution_history(executionArn=execution)["events"]
    return sum(event["type"].endswith("StateEntered") for event in events)


def definition(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(
        (ROOT / "statemachines" / f"{name}.asl.yaml").read_text()
    )
    return loaded


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


def work(course: Course, used: Usage) -> list[Row]:
    rows = [
        Row(
            what=f"{name}: AWS calls",
            value=calls.total,
            unit="calls",
            beside={"WRU": calls.write_units, "RRU": calls.read_units},
            note=", ".join(f"{n} {call}" for call, n in sorted(calls.count.items())),
        )
        for name, calls in course.by_step.items()
    ]
    total = Row(
        what="in all: invocations",
        value=used.invocations,
        beside={
            "AWS calls": course.calls.total,
            "WRU": used.write_units,
            "RRU": used.read_units,
            "ms of Lambda": used.lambda_ms,
        },
    )
    return [*rows, total]


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
