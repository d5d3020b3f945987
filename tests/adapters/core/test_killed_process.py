"""A process that is killed again and again, under load, loses no job and counts none twice."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.ports import Listing
from jobs.core.status import JobStatus
from jobs.core.usage import day_of
from jobs.kit.clock import now
from local.kit.paths import ROOT
from tests.adapters.core.single_process import KIND, TENANT, SingleProcess

KILLS: Final = int(os.environ.get("KILLS", "4"))
LIFE_S: Final = float(os.environ.get("LIFE_S", "0.4"))


def run_until_killed(path: Path, first: int) -> int:
    """Return the number of the first job whose creation was not acknowledged."""
    command = [sys.executable, "-m", "tests.adapters.core.single_process", path, str(first)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as process:
        assert process.stdout
        process.stdout.readline()  # it has begun
        time.sleep(LIFE_S)
        process.kill()
        printed = process.stdout.read().splitlines()
    return first + 1 + len(printed)


def test_killed_process_loses_nothing_and_does_nothing_twice(tmp_path) -> None:
    path, created = tmp_path / "sortie.db", 0
    for _ in range(KILLS):
        created = run_until_killed(path, created)

    with closing(SingleProcess(path)) as process:
        process.create(created)  # perhaps again: the answer of the last one is not known
        total = created + 1
        until = time.monotonic() + 30
        while process.counters.read(TENANT, KIND).of(JobStatus.SUCCEEDED) < total:
            assert time.monotonic() < until, process.counters.read(TENANT, KIND)
            time.sleep(0.05)
        page = process.jobs.newest(Listing(tenant=TENANT, kind=KIND, limit=10**6), known=0)
        counts = process.counters.read(TENANT, KIND)
        usage = SqliteUsage(process.database, now)
        used = usage.read(TENANT, first=day_of(0), last=day_of(now()))

    assert sorted(job.request["number"] for job in page.jobs) == [*range(total)]
    assert {(job.status, job.sequence) for job in page.jobs} == {(JobStatus.SUCCEEDED, 3)}
    assert counts.total == total > KILLS
    assert sum(each.counts[JobStatus.SUCCEEDED.value] for each in used) == total
