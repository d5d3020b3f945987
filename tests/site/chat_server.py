"""A server with the chat page, and the routes of the API that it calls, played by a test.

The page is the function's own response. A test says piece by piece what an agent says, cuts
connections, and refuses requests.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Condition, Thread
from typing import Any, Final
from uuid import uuid4

from jobs.messaging.api.page import chat_page

KEY: Final = f"sortie_{'0' * 12}_{'A' * 43}"
WAIT_S: Final = 30.0
AGENTS: Final = [
    {"id": "11111111-1111-4111-8111-111111111111", "name": "Harbour pilot"},
    {"id": "22222222-2222-4222-8222-222222222222", "name": "Lighthouse"},
    {"id": "33333333-3333-4333-8333-333333333333", "name": "Dry dock", "status": "inactive"},
]
BIOS: Final = ("Knows tides, berths and who lies where.", "Answers briefly, at night.", "")


@dataclass
class Answer:
    """An agent's answer: pieces in the order of their positions, `is_over` after the last."""

    job_id: str = field(default_factory=lambda: str(uuid4()))
    pieces: list[dict[str, Any]] = field(default_factory=list)
    is_over: bool = False
    is_cancelled: bool = False
    cuts: int = 0
    changed: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        metadata = {"jobId": self.job_id, "agentId": AGENTS[0]["id"]}
        self.add({"type": "start", "messageId": str(uuid4()), "messageMetadata": metadata})
        self.add({"type": "start-step"}, {"type": "text-start", "id": "text"})

    def add(self, *pieces: dict[str, Any], is_over: bool = False) -> None:
        with self.changed:
            self.pieces.extend(pieces)
            self.is_over = is_over
            self.changed.notify_all()

    def say(self, *texts: str) -> None:
        self.add(*({"type": "text-delta", "id": "text", "delta": each} for each in texts))

    def restart(self) -> None:
        self.add({"type": "text-end", "id": "text"}, {"type": "data-restarted", "data": {}})
        self.add({"type": "text-start", "id": "text"})

    def finish(self, reason: str = "stop") -> None:
        end = {"type": "finish", "messageMetadata": {"finishReason": reason}}
        self.add({"type": "text-end", "id": "text"}, {"type": "finish-step"}, end, is_over=True)

    def fail(self, why: str) -> None:
        end = {"type": "finish", "messageMetadata": {"finishReason": "error"}}
        self.add({"type": "error", "errorText": why}, end, is_over=True)

    def cut(self) -> None:
        """Cut the connection that is open now."""
        with self.changed:
            self.cuts += 1
            self.changed.notify_all()

    def follow(self, seen: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the pieces after the first `seen`, until the answer is over.

        Raises `ConnectionError` when the test cuts the connection.
        """
        cuts = self.cuts
        while pieces := self._wait(seen, cuts):
            for piece in pieces:
                seen += 1
                yield seen, piece

    def _wait(self, seen: int, cuts: int) -> list[dict[str, Any]]:
        with self.changed:
            self.changed.wait_for(
                lambda: len(self.pieces) > seen or self.is_over or self.cuts > cuts, WAIT_S
            )
            if self.cuts > cuts or (len(self.pieces) == seen and not self.is_over):
                raise ConnectionError
            return self.pieces[seen:]


@dataclass
class Refusal:
    status: int
    error: str = "Refused"
    code: str = "REFUSED"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class ChatServer:
    """`asked`: the bodies of chats. `refusals` come before answers, in their order."""

    url: str = ""
    asked: Queue[dict[str, Any]] = field(default_factory=Queue)
    refusals: list[Refusal] = field(default_factory=list)
    answers: Queue[Answer] = field(default_factory=Queue)
    by_chat: dict[str, Answer] = field(default_factory=dict)
    by_job: dict[str, Answer] = field(default_factory=dict)
    by_message: dict[str, Answer] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=lambda: {KEY})

    def take(self) -> Answer:
        """Return the next answer that the page asks for."""
        return self.answers.get(timeout=WAIT_S)

    def next_body(self) -> dict[str, Any]:
        return self.asked.get(timeout=WAIT_S)

    def create(self, body: dict[str, Any]) -> Answer:
        self.asked.put(body)
        message = f"{body['id']}/{body['messages'][-1]['id']}"
        known = self.by_message.get(message) if body["trigger"] == "submit-message" else None
        if known:
            return known
        answer = Answer()
        self.by_chat[body["id"]] = self.by_job[answer.job_id] = answer
        self.by_message[message] = answer
        self.answers.put(answer)
        return answer

    def forget_rest(self) -> None:
        """End all answers, so that no connection waits."""
        with suppress(Empty):
            while answer := self.answers.get_nowait():
                answer.cut()
        for answer in self.by_job.values():
            answer.cut()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "chat"
    chat: ChatServer

    def do_GET(self) -> None:
        if self.path == "/chat":
            page = chat_page()
            self._respond(200, page.text.encode(), page.content_type, page.headers)
            return
        if self._is_refused():
            return
        match self.path.split("/")[1:]:
            case ["api", "agents"]:
                agents = [
                    {"status": "active", "characterName": each["name"], "bio": bio, **each}
                    for each, bio in zip(AGENTS, BIOS, strict=True)
                ]
                self._respond_json(200, {"success": True, "data": {"agents": agents}})
            case ["api", "messaging", "chat", chat, "stream"]:
                running = self.chat.by_chat.get(chat)
                if running is None or running.is_over:
                    self._respond(204, b"", "text/plain", {})
                else:
                    self._stream(running)
            case ["api", "messaging", "jobs", job, "stream"]:
                self._stream(self.chat.by_job[job], int(self.headers.get("Last-Event-ID", "0")))
            case _:
                self._respond_json(404, {"error": "Not found", "code": "NOT_FOUND"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self._is_refused():
            return
        match self.path.split("/")[1:]:
            case ["api", "messaging", "chat"]:
                self._stream(self.chat.create(json.loads(body)))
            case ["api", "messaging", "jobs", job, "cancel"]:
                answer = self.chat.by_job[job]
                if answer.is_over:
                    self._respond_json(409, {"error": "Job has already ended", "code": "JOB_ENDED"})
                    return
                answer.is_cancelled = True
                answer.fail("Job cancelled")
                self._respond_json(200, {"jobId": job, "status": "failed"})
            case _:
                self._respond_json(404, {"error": "Not found", "code": "NOT_FOUND"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Write nothing."""

    def _is_refused(self) -> bool:
        self.chat.requests.append(f"{self.command} {self.path}")
        refusal = self.chat.refusals.pop(0) if self.chat.refusals else None
        if self.headers.get("X-API-Key") not in self.chat.keys:
            refusal = Refusal(401, "Invalid or missing X-API-Key", "UNAUTHORIZED")
        if refusal is None:
            return False
        body = {"success": False, "error": refusal.error, "code": refusal.code}
        self._respond_json(refusal.status, body, refusal.headers)
        return True

    def _respond_json(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        self._respond(status, json.dumps(body).encode(), "application/json", headers or {})

    def _respond(self, status: int, body: bytes, content_type: str, headers: Any) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer, seen: int = 0) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-Job-Id", answer.job_id)
        self.end_headers()
        try:
            self._write(": ping\n\n")
            for number, piece in answer.follow(seen):
                self._write(f"id: {number}\ndata: {json.dumps(piece)}\n\n")
            self._write("data: [DONE]\n\n")
            self._write("")
        except ConnectionError:
            self.close_connection = True

    def _write(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


@contextmanager
def serve_chat(port: int = 0) -> Iterator[ChatServer]:
    chat = ChatServer()

    class Own(Handler):
        pass

    Own.chat = chat
    server = ThreadingHTTPServer(("127.0.0.1", port), Own)
    server.daemon_threads = True
    chat.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield chat
    finally:
        chat.forget_rest()
        server.shutdown()
        thread.join()
        server.server_close()
