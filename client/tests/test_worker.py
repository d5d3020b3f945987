"""`Worker`, and the functions that it calls."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any

import pytest

from sortie_client import AuthenticationError, NotConfiguredError, RetryPolicy, Settings
from sortie_client.worker import Question, Retry, Worker

AGENT = "55555555-5555-4555-8555-555555555555"


class Office:
    """A server with these jobs. `answers`: replies to `verb`, in turn, in place of success."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.headers: list[Any] = []
        self.changed = Condition()

    def add(self, content: str = "Hello", **about: Any) -> str:
        job_id = f"job-{len(self.jobs) + 1}"
        job = {
            "jobId": job_id, "attempt": 1, "agentId": AGENT, "userId": "u", "content": content,
            "metadata": {}, "history": [], "deadline": 4_000_000_000_000, "leaseSeconds": 30,
            "heartbeatSeconds": 1,
        }  # fmt: skip
        self.jobs.append(job | about)
        return job_id

    def respond(self, path: str, body: Any) -> tuple[int, Any]:
        *_, job_id, verb = f"/{path}".split("/")
        with self.changed:
            self.requests.append((verb, job_id, body))
            self.changed.notify_all()
            if self.answers.get(verb):
                return self.answers[verb].pop(0)
            match verb:
                case "claim":
                    given, self.jobs = self.jobs[: body["maxJobs"]], self.jobs[body["maxJobs"] :]
                    if not given:
                        self.changed.wait(0.05)
                    return 200, {"jobs": given, "retryAfterSeconds": 0}
                case "heartbeat":
                    return 200, {"leaseUntil": 4_000_000_000_000}
                case "complete":
                    return 200, {"status": "completed"}
                case _:
                    return 200, {"status": "failed"}

    def of(self, verb: str) -> list[Any]:
        with self.changed:
            return [body for each, _, body in self.requests if each == verb]

    def until(self, *verbs: str, number: int = 1) -> list[Any]:
        """Return the bodies of the requests with these verbs, once there are so many."""

        def find() -> list[Any]:
            return [body for each, _, body in self.requests if each in verbs]

        with self.changed:
            assert self.changed.wait_for(lambda: len(find()) >= number, 10), self.requests
            return find()


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            office.headers.append(self.headers)
            status, answer = office.respond(self.path, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    office.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield office
    server.shutdown()
    server.server_close()


@pytest.fixture
def work(office) -> Iterator[Callable[..., Worker]]:
    """Start a worker of the office, and stop it after the test."""
    started: list[tuple[Worker, Thread]] = []

    def start(function: Callable[..., Any], **options: Any) -> Worker:
        settings = Settings(
            office.url, worker_key="worker_key", retry_policy=RetryPolicy(max_attempts=1)
        )
        worker = Worker(function, [AGENT], settings=settings, **options)
        thread = Thread(target=worker.run)
        worker.thread = thread  # type: ignore[attr-defined]
        thread.start()
        started.append((worker, thread))
        return worker

    yield start
    for worker, thread in started:
        worker.stop()
        worker.stop()
        thread.join(10)
        assert not thread.is_alive()


def plain(question: Question) -> str:
    return f"{question.content}, {question.user_id}"


async def coroutine(question: Question) -> str:
    await asyncio.sleep(0)
    return plain(question)


def generator(question: Question) -> Iterator[str]:
    yield "Hello"
    yield ", u"


async def async_generator(question: Question) -> Any:
    for piece in generator(question):
        yield piece


class Callee:
    def __call__(self, question: Question) -> str:
        return plain(question)


class AsyncCallee:
    async def __call__(self, question: Question) -> str:
        return plain(question)


KINDS = {
    "function": plain,
    "coroutine": coroutine,
    "generator": generator,
    "async generator": async_generator,
    "partial of a coroutine": partial(coroutine),
    "function that returns a coroutine": lambda question: asyncio.sleep(0, plain(question)),
    "object": Callee(),
    "async object": AsyncCallee(),
}


@pytest.mark.parametrize("function", KINDS.values(), ids=KINDS)
def test_function_of_any_kind_answers(office, work, function) -> None:
    office.add()

    work(function)

    assert office.until("complete") == [{"attempt": 1, "content": "Hello, u"}]
    assert office.headers[0]["Authorization"] == "Bearer worker_key"


def test_answer_may_have_metadata(office, work) -> None:
    office.add()

    work(lambda _: {"content": "Fine", "metadata": {"model": "mine"}})

    [sent] = office.until("complete")
    assert (sent["content"], sent["metadata"]) == ("Fine", {"model": "mine"})


def raise_retry(question: Question) -> str:
    raise Retry("busy", after=7)


def raise_error(question: Question) -> str:
    raise ValueError("no such thing")


@pytest.mark.parametrize(("function", "sent"), [
    (raise_retry, {"error": "busy", "retryable": True, "retryAfterSeconds": 7}),
    (raise_error, {"error": "ValueError: no such thing", "retryable": False}),
    (lambda _: 5, {
        "error": "TypeError: the function must return a text or content and metadata, not int",
        "retryable": False,
    }),
    (lambda _: iter([5]), {
        "error": "TypeError: the function must return a text or content and metadata, not"
        " list_iterator",
        "retryable": False,
    }),
    (lambda _: (n for n in [5]), {
        "error": "TypeError: the function must yield texts, not int", "retryable": False,
    }),
])  # fmt: skip
def test_error_of_the_function_fails_the_job(office, work, function, sent) -> None:
    office.add()

    work(function)

    assert office.until("fail") == [{"attempt": 1} | sent]


def test_first_heartbeat_is_sent_at_once_with_progress(office, work) -> None:
    released = Event()

    def answer(question: Question) -> str:
        question.report(percent=10)
        question.report(message="Reading")
        released.wait(10)
        return "Fine"

    office.add()
    work(answer)

    office.until("heartbeat", number=2)
    released.set()
    office.until("complete")
    assert office.of("heartbeat")[-1]["progress"] == {"percent": 10, "message": "Reading"}


def test_coroutine_that_blocks_the_loop_keeps_its_job(office, work) -> None:
    async def blocking(question: Question) -> str:
        time.sleep(1.7)  # noqa: ASYNC251 - as people do
        return "Fine"

    office.add()
    work(blocking)

    office.until("complete")
    assert len(office.of("heartbeat")) >= 2


CLOSED: list[str] = []


def watchful(question: Question) -> str:
    while not question.cancelled:
        time.sleep(0.01)
    CLOSED.append("function")
    return "too late"


async def cancellable(question: Question) -> str:
    try:
        await asyncio.sleep(30)
    finally:
        CLOSED.append("coroutine")
    return "too late"


def closable(question: Question) -> Iterator[str]:
    try:
        while True:
            yield "piece"
            time.sleep(0.01)
    finally:
        CLOSED.append("generator")


async def async_closable(question: Question) -> Any:
    try:
        while True:
            yield "piece"
            await asyncio.sleep(0.01)
    finally:
        CLOSED.append("async generator")


@pytest.mark.parametrize("function", [watchful, cancellable, closable, async_closable])
@pytest.mark.parametrize("status", [404, 409])
def test_lost_job_stops_its_function_and_sends_no_result(office, work, function, status) -> None:
    CLOSED.clear()
    office.add()
    office.answers["heartbeat"] = [
        (200, {"leaseUntil": 1}), (status, {"error": "gone", "code": "JOB_ENDED"}),
    ]  # fmt: skip
    worker = work(function)

    office.until("heartbeat", number=2)
    worker.stop()
    worker.thread.join(10)

    assert len(CLOSED) == 1
    assert office.of("complete") == office.of("fail") == []


def test_result_is_sent_again_until_the_server_has_it(office, work, monkeypatch) -> None:
    monkeypatch.setattr("sortie_client.worker.running_job._RETRY_S", 0.01)
    office.add()
    office.answers["complete"] = [(500, {}), (503, {}), (429, {})]

    work(plain)

    sent = office.until("complete", number=4)
    assert sent == [sent[0]] * 4


def test_answer_that_the_server_refuses_fails_the_job(office, work) -> None:
    office.add()
    office.answers["complete"] = [(400, {"error": "The agent gave no answer"})]

    work(lambda _: " ")

    assert office.until("fail")[0]["error"] == "The agent gave no answer"


def test_claims_are_for_free_slots_only(office, work) -> None:
    released = Event()
    for _ in range(4):
        office.add()

    work(lambda _: released.wait(10) and "Fine", concurrency=3)
    office.until("heartbeat", number=3)

    assert [claim["maxJobs"] for claim in office.of("claim")] == [3]
    released.set()
    office.until("complete", number=4)


def test_stopped_worker_finishes_its_jobs_and_claims_no_more(office, work) -> None:
    released = Event()
    office.add()
    worker = work(lambda _: released.wait(10) and "Fine", concurrency=1)
    office.until("heartbeat")

    worker.stop()
    office.add()
    released.set()
    worker.thread.join(10)

    assert [each["content"] for each in office.of("complete")] == ["Fine"]
    assert len(office.jobs) == 1


@pytest.mark.parametrize(("grace", "stops"), [(0.1, 1), (30, 2)])
def test_job_that_outlasts_the_grace_goes_to_another_worker(office, work, grace, stops) -> None:
    office.add()
    worker = work(cancellable, grace=grace)
    office.until("heartbeat")

    for _ in range(stops):
        worker.stop()
    worker.thread.join(10)

    assert office.of("fail") == [{
        "attempt": 1, "error": "the worker stopped", "retryable": True, "retryAfterSeconds": 0,
    }]  # fmt: skip
    assert office.of("complete") == []


def test_claim_survives_a_failing_server(office, work, monkeypatch) -> None:
    monkeypatch.setattr("sortie_client.worker.worker.MAX_BACKOFF_S", 0.01)
    office.answers["claim"] = [(503, {}), (500, {}), (429, {})]
    office.add()

    work(plain)

    office.until("complete")


def test_refused_key_ends_the_worker(office) -> None:
    office.answers["claim"] = [(401, {"error": "Missing or invalid credentials"})]
    worker = Worker(plain, [AGENT], settings=Settings(office.url, worker_key="worker_key"))

    with pytest.raises(AuthenticationError):
        worker.run()


def test_worker_without_key_sends_nothing(office) -> None:
    with pytest.raises(NotConfiguredError, match="SORTIE_WORKER_KEY"):
        Worker(plain, [AGENT], settings=Settings(office.url)).run()
    assert office.requests == []


def test_cancelled_serve_releases_its_jobs(office) -> None:
    async def serve() -> None:
        settings = Settings(office.url, worker_key="worker_key")
        task = asyncio.create_task(Worker(cancellable, [AGENT], settings=settings).serve())
        await asyncio.to_thread(office.until, "heartbeat")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    office.add()

    asyncio.run(serve())

    assert office.of("fail")[0]["retryable"] is True


def test_pieces_are_sent_in_order_each_until_it_has_arrived(office, work) -> None:
    def speak(question: Question) -> Iterator[str]:
        for word in ("One ", "two ", "three"):
            yield word
            time.sleep(0.6)

    office.add(outputFrom=4)
    office.answers["heartbeat"] = [(200, {"leaseUntil": 1}), (503, {})]
    work(speak)

    [sent] = office.until("complete")
    assert sent["content"] == "One two three"
    pieces = [each for each in office.of("heartbeat") if "output" in each]
    by_number = {each["number"]: each["output"] for each in pieces}
    assert [*by_number] == list(range(4, 4 + len(by_number)))
    assert "One two three".startswith("".join(by_number.values()))
    assert len(pieces) > len(by_number), "the piece that got no answer is sent again"


def test_pieces_stay_here_where_the_server_takes_none(office, work) -> None:
    office.add()
    work(generator)

    office.until("complete")
    assert all("output" not in each for each in office.of("heartbeat"))


def test_refused_piece_does_not_cost_the_lease(office, work, monkeypatch) -> None:
    monkeypatch.setattr("sortie_client.worker.running_job._RETRY_S", 0.01)
    kept = Event()

    def speak(question: Question) -> Iterator[str]:
        office.until("heartbeat")
        yield "One "
        assert kept.wait(10)
        yield "two"

    office.add(outputFrom=1)
    refusal = {"success": False, "error": "output is too long", "code": "INVALID_REQUEST"}
    office.answers["heartbeat"] = [(200, {"leaseUntil": 1}), (400, refusal)]
    work(speak)

    _, refused, *later = office.until("heartbeat", number=3)
    kept.set()
    [sent] = office.until("complete")
    assert refused["output"] == "One "
    assert all("output" not in each for each in later)
    assert sent["content"] == "One two"
