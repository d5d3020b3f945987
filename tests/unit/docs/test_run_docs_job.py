"""Running docs jobs, from the message to the branch."""

import time
from dataclasses import replace
from threading import Event

import pytest

from jobs.core.attempt import LEASE_MS, RETRY_DELAY_S, VISIBILITY_TIMEOUT_S
from jobs.core.errors import JobLeasedError, StaleJobError
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.docs.docs_job import Todo, docs_job_of
from jobs.docs.errors import CredentialsRefusedError, UnfinishedError
from jobs.docs.ports import AgentResult
from jobs.docs.run_docs_job import AttemptOutcome
from jobs.kit.errors import FailureClass, RefusedError, UnavailableError, UpstreamError
from tests.support import HOUR, Broken
from tests.unit.docs.world import PROJECT, TENANT, DocsWorld
from tests.unit.support import raising


@pytest.fixture
def world() -> DocsWorld:
    return DocsWorld()


def kinds(world, ref) -> list[str]:
    return [event["t"] for event in world.events_of(ref)]


def test_run_with_changes_pushes_and_succeeds(world) -> None:
    ref = world.create()
    world.agent = lambda emit, **_: emit({"t": "text", "text": "Hello"})

    assert world.run(ref) is AttemptOutcome.WRITTEN

    assert world.job(ref).status is JobStatus.SUCCEEDED
    assert docs_job_of(world.job(ref)).message == "Done"
    assert world.checkout.pushed == ["Write docs"]
    assert world.events_of(ref) == [
        {"t": "start", "id": ref.id},
        {"t": "text", "text": "Hello"},
        {"t": "data", "name": "commit", "data": {"branch": "docs/x", "id": "c0ffee"}},
        {"t": "finish", "reason": "stop", "in": 0, "out": 0},
    ]
    assert world.ended(ref)


def test_run_without_changes_pushes_nothing(world) -> None:
    world.checkout = type(world.checkout)(changed=False)
    ref = world.create()

    assert world.run(ref) is AttemptOutcome.WRITTEN
    assert world.checkout.pushed == []
    details = docs_job_of(world.job(ref))
    assert details.message == "Done\n\nNo file was changed."
    assert (details.branchless, details.pushed) == (True, False)
    assert {"t": "data", "name": "unchanged", "data": {}} in world.events_of(ref)


def test_run_without_changes_names_branch_that_exists(world) -> None:
    world.checkout = type(world.checkout)(changed=False)
    world.checkout.is_there = True
    ref = world.create()

    world.run(ref)

    assert not docs_job_of(world.job(ref)).branchless


def test_run_on_the_branch_of_head_fails_before_the_agent_runs(world) -> None:
    world.checkout.default_branch = "trunk"
    ref = world.create(branch="trunk")

    assert world.run(ref) is AttemptOutcome.FAILED

    assert world.job(ref).error.startswith("This project does not allow changes of its default")
    assert world.runs == []


def test_run_with_pull_requests_opens_one(world) -> None:
    world.project = replace(PROJECT, pull_requests="acme/docs")
    world.agent = lambda note, **_: note(title="A title")
    ref = world.create(draft=True)

    world.run(ref)

    about = {"title": "A title", "body": "Done", "draft": True}
    assert world.pull_requests == [("docs/x", about)]
    assert docs_job_of(world.job(ref)).pull_request == "https://git.example/docs/pull/1"
    assert {"t": "data", "name": "pull-request",
            "data": {"url": "https://git.example/docs/pull/1"}} in world.events_of(ref)  # fmt: skip


def test_run_stores_notes_of_agent_at_once(world) -> None:
    todo = Todo(id="1", content="Write")
    ref = world.create()
    seen = []

    def agent(note, **_):
        note(title="Quickstart", todos=(todo,))
        seen.append(docs_job_of(world.job(ref)))

    world.agent = agent
    world.run(ref)

    assert (seen[0].title, seen[0].todos) == ("Quickstart", (todo,))


@pytest.mark.parametrize("reason", ["length", "content-filter"])
def test_run_with_unfinished_turn_pushes_nothing_and_tells_reason(world, reason) -> None:
    ref = world.create()
    error = UnfinishedError("Cut off", FailureClass.QUOTA, reason=reason)
    world.agent = lambda **_: raising(error)()

    assert world.run(ref) is AttemptOutcome.FAILED

    assert world.job(ref).error == "Cut off"
    assert world.checkout.pushed == []
    assert world.events_of(ref)[-1]["reason"] == reason


@pytest.mark.parametrize(("error", "misconfigured"), [
    (UpstreamError("No", FailureClass.REFUSED), False), (CredentialsRefusedError("No"), True),
])  # fmt: skip
def test_run_with_upstream_error_fails_with_reason(world, error, misconfigured) -> None:
    ref = world.create()
    world.agent = lambda **_: raising(error)()

    assert world.run(ref) is AttemptOutcome.FAILED

    job = world.job(ref)
    assert (job.status, job.error) == (JobStatus.FAILED, "No")
    assert docs_job_of(job).misconfigured is misconfigured
    assert world.events_of(ref)[-2:] == [
        {"t": "error", "error": "No"}, {"t": "finish", "reason": "error", "in": 0, "out": 0},
    ]  # fmt: skip
    assert world.ended(ref)
    assert world.branches.acquire(TENANT, "p:docs/x", "another", until=world.clock() + 1)


def test_tokens_of_all_steps_and_attempts_are_stored(world) -> None:
    ref = world.create()
    step = {"t": "step-finish", "reason": "tool-calls", "in": 10, "out": 2}

    def crash(emit, note, **_):
        emit(step)
        note(title="Stored with the tokens so far")
        raise RuntimeError

    def fail(emit, **_):
        emit(step)
        emit(step)
        raise UpstreamError("The model is gone", FailureClass.UNAVAILABLE)

    world.agent = crash
    with pytest.raises(RuntimeError):
        world.run(ref)
    world.clock.advance(LEASE_MS)
    world.agent = fail
    world.run(ref)

    assert world.job(ref).status is JobStatus.FAILED
    assert world.job(ref).tokens == Tokens(30, 6)
    assert world.events_of(ref)[-1] == {"t": "finish", "reason": "error", "in": 30, "out": 6}


def test_run_on_branch_that_became_default_fails_and_pushes_nothing(world) -> None:
    ref = world.create(branch="main")

    assert world.run(ref) is AttemptOutcome.FAILED
    assert world.job(ref).error.startswith("This project does not allow changes of its default")
    assert world.checkout.pushed == []


def test_run_without_project_fails(world) -> None:
    ref = world.create()
    world.project = None

    assert world.run(ref) is AttemptOutcome.FAILED
    assert world.job(ref).error == "The project is no longer registered"


def test_failed_push_is_told_last_and_cancels_todos(world) -> None:
    ref = world.create()
    world.agent = lambda note, **_: note(
        message="Wrote docs/t.mdx", todos=(Todo(id="1", content="Write", status="completed"),)
    )
    world.checkout.push = Broken(UpstreamError("Refused", FailureClass.REFUSED))

    assert world.run(ref) is AttemptOutcome.FAILED

    todo = {"id": "1", "content": "Write", "status": "cancelled", "priority": "medium"}
    assert world.events_of(ref)[-3:] == [
        {"t": "data", "name": "todos", "data": {"todos": [todo]}},
        {"t": "error", "error": "Refused"},
        {"t": "finish", "reason": "error", "in": 0, "out": 0},
    ]


def test_refused_pull_request_tells_where_the_changes_are(world) -> None:
    world.project = replace(PROJECT, pull_requests="acme/docs")
    world.pull_request_error = CredentialsRefusedError("No")
    ref = world.create()

    assert world.run(ref) is AttemptOutcome.FAILED

    job = world.job(ref)
    assert job.error == "The changes are on the branch docs/x, without a pull request. No"
    assert (docs_job_of(job).misconfigured, docs_job_of(job).pushed) == (True, True)


def test_follow_up_of_failed_job_tells_the_agent(world) -> None:
    first = world.create(prompt="Write")
    world.checkout.push = Broken(UpstreamError("Refused", FailureClass.REFUSED))
    world.run(first)
    second = world.create(prompt="Again", follows=first.id, root=first.id)

    world.run(second)

    [_, _, messages, _] = world.runs[1]
    assert messages[1] == {"role": "assistant", "content": "Done\n\nThis failed: Refused"}


# ── Concurrency ───────────────────────────────────────────────────────────────


def test_second_job_on_branch_waits_and_is_dispatched(world) -> None:
    first, second = world.create(), world.create()
    waited = []
    world.agent = lambda **_: waited.append(world.run(second)) if not waited else None

    world.run(first)

    assert waited == [AttemptOutcome.WAITS]
    assert world.job(second).status is JobStatus.QUEUED
    assert world.outbox.sent == []
    world.follow(first)
    assert world.outbox.sent == [second]
    assert world.run(second) is AttemptOutcome.WRITTEN


def test_end_of_job_whose_worker_was_killed_frees_branch(world) -> None:
    first, second = world.create(), world.create()
    world.branches.acquire(TENANT, "p:docs/x", first.id, until=world.clock() + HOUR)

    world.follow(first)

    assert world.run(second) is AttemptOutcome.WRITTEN


def test_job_on_other_branch_runs_at_once(world) -> None:
    first, other = world.create(), world.create(branch="docs/y")
    outcomes = []

    def agent(**_):
        world.agent = lambda **_: None
        outcomes.append(world.run(other))

    world.agent = agent
    world.run(first)

    assert outcomes == [AttemptOutcome.WRITTEN]


def test_follow_up_waits_for_predecessor_on_free_branch(world) -> None:
    first = world.create()
    second = world.create(follows=first.id, root=first.id)

    assert world.run(second) is AttemptOutcome.WAITS

    world.run(first)
    world.follow(first)
    assert world.outbox.sent == [second]
    assert world.run(second) is AttemptOutcome.WRITTEN


def test_follow_up_gets_earlier_messages(world) -> None:
    first = world.create(prompt="Write")
    world.run(first)
    second = world.create(prompt="Shorter", follows=first.id, root=first.id)

    world.run(second)

    [_, _, messages, _] = world.runs[1]
    assert messages == [
        {"role": "user", "content": "Write"},
        {"role": "assistant", "content": "Done"},
        {"role": "user", "content": "Shorter"},
    ]


def test_follow_up_keeps_title_and_pull_request(world) -> None:
    first = world.create(title="Tides", pull_request="https://git.example/docs/pull/1")
    world.run(first)
    world.checkout = type(world.checkout)(changed=False)
    second = world.create(prompt="Anything else?", follows=first.id, root=first.id)

    world.run(second)

    session = docs_job_of(world.job(second))
    assert (session.title, session.pull_request) == ("Tides", "https://git.example/docs/pull/1")


def test_duplicate_message_is_not_needed(world) -> None:
    ref = world.create()
    seen = []
    world.agent = lambda **_: seen.append(world.run(ref, count=1))

    assert world.run(ref) is AttemptOutcome.WRITTEN
    assert seen == [AttemptOutcome.DUPLICATE]


def test_repeated_message_of_a_running_job_raises_leased_error(world) -> None:
    ref = world.create()
    seen = []

    def agent(**_):
        with pytest.raises(JobLeasedError):
            world.run(ref, count=2)
        seen.append(True)

    world.agent = agent

    assert world.run(ref) is AttemptOutcome.WRITTEN
    assert seen == [True]


# ── Faults ─────────────────────────────────────────────────────────────────


def test_second_attempt_appends_to_output(world) -> None:
    ref = world.create()

    def agent(emit, **_):
        emit({"t": "text", "text": "Half"})
        raise RuntimeError("a bug")

    world.agent = agent
    with pytest.raises(RuntimeError):
        world.run(ref)
    world.agent = lambda **_: None
    world.clock.advance(LEASE_MS)

    assert world.run(ref) is AttemptOutcome.WRITTEN

    assert kinds(world, ref) == ["start", "text", "data", "data", "finish"]
    assert world.events_of(ref)[2] == {"t": "data", "name": "restarted", "data": {}}


def test_unexpected_error_retries_soon(world) -> None:
    ref = world.create()

    def agent(**_):
        raise RuntimeError("a bug")

    world.agent = agent
    with pytest.raises(RuntimeError):
        world.run(ref)

    assert world.receipt.held == [VISIBILITY_TIMEOUT_S, RETRY_DELAY_S]
    world.agent = lambda **_: None
    assert world.run(ref) is AttemptOutcome.WRITTEN
    assert world.job(ref).attempt == 2


def test_second_attempt_after_push_opens_pull_request(world) -> None:
    world.project = replace(PROJECT, pull_requests="acme/docs")
    ref = world.create()

    def agent(**_):
        world.checkout = type(world.checkout)(changed=False)
        world.checkout.is_published = True
        raise RuntimeError("killed")

    world.agent = agent
    with pytest.raises(RuntimeError):
        world.run(ref)
    world.agent = lambda **_: None
    world.clock.advance(LEASE_MS)

    assert world.run(ref) is AttemptOutcome.WRITTEN
    assert [branch for branch, _ in world.pull_requests] == ["docs/x"]


def test_first_attempt_without_changes_opens_no_pull_request(world) -> None:
    world.project = replace(PROJECT, pull_requests="acme/docs")
    world.checkout = type(world.checkout)(changed=False)
    world.checkout.is_published = True

    assert world.run(world.create()) is AttemptOutcome.WRITTEN
    assert world.pull_requests == []


def test_save_during_throttling_is_retried(world) -> None:
    ref = world.create()
    save, failures = world.repository.save, []

    def busy(job, *, replacing):
        if len(failures) < 2:
            failures.append(job)
            raise UnavailableError("conflict")
        save(job, replacing=replacing)

    def agent(**_):
        world.repository.save = busy

    world.agent = agent

    assert world.run(ref) is AttemptOutcome.WRITTEN
    assert len(world.runs) == 1
    assert len(world.slept) == 2


def test_job_cancelled_during_run_stays_cancelled(world) -> None:
    ref = world.create()

    def agent(**_):
        job = world.job(ref)
        world.repository.save(job.cancel(now=world.clock()), replacing=job)

    world.agent = agent

    assert world.run(ref) is AttemptOutcome.TOO_LATE
    assert world.checkout.pushed == []
    assert world.job(ref).status is JobStatus.CANCELLED
    assert world.branches.acquire(TENANT, "p:docs/x", "another", until=world.clock() + 1)


@pytest.mark.parametrize("is_silent", [False, True])
def test_agent_of_an_attempt_that_is_over_stops_and_pushes_nothing(world, is_silent) -> None:
    ref = world.create()
    over, stopped = Event(), Event()

    def agent(emit, note, **_):
        over.wait(10)
        try:
            note(title="Late") if is_silent else emit({"t": "text", "text": "Late"})
        except StaleJobError:
            stopped.set()
            raise

    world.agent = agent
    world.clock.advance(HOUR - 50)

    assert world.run(ref) is AttemptOutcome.FAILED
    over.set()
    assert stopped.wait(10)
    assert world.checkout.pushed == []


def test_output_log_unavailable_ends_attempt(world) -> None:
    ref = world.create()

    def unavailable(*_, **__):
        raise UnavailableError("busy")

    world.log.append = unavailable

    with pytest.raises(UnavailableError):
        world.run(ref)

    assert not world.job(ref).status.is_terminal
    assert world.receipt.held == [VISIBILITY_TIMEOUT_S]  # the outage may last for a while


def test_refused_output_fails_job_and_frees_branch(world) -> None:
    ref = world.create()
    append = world.log.append

    def refuse_text(ref, item, **about):
        if any(event["t"] == "text" for event in item.events):
            raise RefusedError("AWS refused the request: x")
        append(ref, item, **about)

    def agent(emit, **_):
        while True:  # until the write in the background has failed
            emit({"t": "text", "text": "Hello"})
            time.sleep(0.01)

    world.log.append, world.agent = refuse_text, agent

    assert world.run(ref) is AttemptOutcome.FAILED
    assert world.job(ref).error == "AWS refused the request: x"
    assert world.events_of(ref)[-2] == {"t": "error", "error": "AWS refused the request: x"}
    assert world.ended(ref)
    assert world.branches.acquire(TENANT, "p:docs/x", "another", until=world.clock() + 1)


def test_output_over_limit_fails_job(world) -> None:
    ref = world.create()

    def agent(emit, **_):
        while True:
            emit({"t": "text", "text": "x" * 10_000})

    world.agent = agent

    assert world.run(ref) is AttemptOutcome.FAILED
    assert world.job(ref).error == "The agent's output is too large"


def test_output_truncates_large_values(world) -> None:
    ref = world.create()
    args = {"path": "a.mdx", "content": "é" * 1_000_000}
    world.agent = lambda emit, **_: emit({"t": "tool-call", "id": "1", "name": "w", "args": args})

    world.run(ref)

    [shown] = [event["args"] for event in world.events_of(ref) if event["t"] == "tool-call"]
    assert len(str(shown)) < 30_000


def test_message_too_large_for_the_table_is_truncated(world) -> None:
    ref = world.create()
    world.agent = lambda **_: AgentResult(message="🐎" * 200_000, summary="S")

    assert world.run(ref) is AttemptOutcome.WRITTEN
    assert len(docs_job_of(world.job(ref)).message.encode()) == 240_000


def test_end_of_output_has_the_tokens_of_all_steps(world) -> None:
    ref = world.create()
    step = {"t": "step-finish", "reason": "tool-calls", "in": 10, "out": 2}

    def agent(emit, **_):
        emit(step)
        emit(step)

    world.agent = agent

    world.run(ref)

    assert world.events_of(ref)[-1] == {"t": "finish", "reason": "stop", "in": 20, "out": 4}


def test_job_missing_or_ended_is_not_run(world) -> None:
    ref = world.create()
    world.repository.delete(world.job(ref))

    assert world.run(ref) is AttemptOutcome.NOT_NEEDED
