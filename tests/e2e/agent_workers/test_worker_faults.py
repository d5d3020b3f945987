"""Workers that are killed or stopped in mid-job: no job is lost, none is finished twice.

`SORTIE_WORKER_JOBS=1000` runs the whole proof. It kills a worker every two seconds.
"""

import http.client
import json
import os
import random
import signal
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from tests.e2e.agent_workers.worker_processes import starting_workers
from tests.e2e.api import eventually
from tests.e2e.on_server import EventStream, Operator, add_tenant
from tests.shared_stack import find_server

JOBS = int(os.environ.get("SORTIE_WORKER_JOBS", "40"))
KILLS = max(1, JOBS // 50)
SECONDS = 0.3 if KILLS == 1 else 1.5
"""How long a job takes: longer than the kills go on."""
ENDS = {"SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED"}
FENCED = ("is lost", "its result is dropped")


@pytest.fixture
def office():
    """A tenant on the server, with an agent that workers answer, and its key."""
    stack = find_server()
    agent = Agent(
        id=str(uuid4()), name="Own", provider="worker",
        settings={"timeoutSeconds": 900, "maxAttempts": 10},
    )  # fmt: skip
    api = add_tenant(stack, agent)
    return api, agent.id, Operator(stack).make_key(api.tenant, api="workers", agents="*")


def test_job_claimed_for_a_client_that_hung_up_is_lost_for_the_first_lease_only(office) -> None:
    """No test asserts a time: that the job comes back at all needs a lease that ends."""
    api, agent, key = office
    claim = partial(claim_one, api, agent, key)
    api.cancel(api.create("first"))  # without messages, the tenant's claims do not wait
    hang_up_while_waiting(api, agent, key)

    job_id = api.create("for nobody")
    api.until(job_id, "processing")  # taken by the claim of the client that has gone
    again = eventually(claim, bool)

    assert (again["jobId"], again["attempt"]) == (job_id, 2)


def claim_one(api, agent, key):
    body = {"agents": [agent], "waitSeconds": 5, "maxJobs": 1}
    headers = {"Authorization": f"Bearer {key}"}
    return next(iter(api.post("/workers/claim", body, headers).json["jobs"]), None)


def hang_up_while_waiting(api, agent, key) -> None:
    where = urllib.parse.urlsplit(api.base_url)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    body = json.dumps({"agents": [agent], "waitSeconds": 20})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/workers/claim", body, headers)
    time.sleep(1)  # until the server waits
    connection.close()


def test_killed_and_stopped_workers_lose_no_job_and_finish_none_twice(office, tmp_path) -> None:
    api, agent, key = office
    with (
        starting_workers(tmp_path, api.base_url, key, agent) as start,
        EventStream(api) as events,
        ThreadPoolExecutor(8) as pool,
    ):
        asleep = start("--concurrency", "2")
        slow = [api.create("slow", metadata={"seconds": 3}) for _ in range(2)]
        eventually(asleep.text, lambda text: text.count(" claimed, ") == len(slow))
        asleep.send(signal.SIGSTOP)  # for longer than its leases last
        workers = [start("--concurrency", "10") for _ in range(3)]
        ids = [
            *pool.map(
                lambda n: api.create(f"job {n}", metadata={"seconds": SECONDS}),
                range(JOBS - len(slow)),
            )
        ]
        for _ in range(KILLS):
            victim = workers.pop(random.randrange(len(workers)))  # noqa: S311
            eventually(victim.text, lambda text: "claimed" in text)
            time.sleep(random.uniform(0, SECONDS))  # noqa: S311
            victim.end(signal.SIGKILL)
            workers.append(start("--concurrency", "10"))

        def count_ended() -> int:
            return sum(event["status"] in ENDS
                       for event in events.received())  # fmt: skip

        eventually(count_ended, lambda ended: ended >= JOBS, seconds=180, pause=1)
        asleep.send(signal.SIGCONT)
        eventually(asleep.text, lambda text: any(each in text for each in FENCED))
        for each in workers:
            assert each.end(signal.SIGTERM) == 0

    ends = Counter(
        (event["jobId"], event["status"]) for event in events.received() if event["status"] in ENDS
    )
    assert ends == {(each, "SUCCEEDED"): 1 for each in [*ids, *slow]}
