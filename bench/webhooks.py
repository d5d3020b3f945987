"""What a webhook adds to its job: AWS calls, CPU time and dollars."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, override
from unittest.mock import patch

from bench import cost, requests
from bench.course import Course
from bench.job import DEADLINE_MS, POLLER_REQUESTS, WARM_UP, Line, money, walked
from bench.report import Row, Section
from bench.scene import Scene, scene
from bench.setting import Setting, median
from jobs.webhooks.adapters.secrets import spelled
from jobs.webhooks.signature import new_secret
from local.kit.progress import step

NOTES: Final = """\
A message job with one webhook, of its end, taken by its receiver at once; the dollars are what it
costs more than one without. us-east-1 list prices and Lambda's time as above; for each second that
a receiver takes to answer $6.67 a million more, and for each further attempt as much as for the
first.
"""


def run(setting: Setting) -> Section:
    with (
        received() as url,
        scene(setting.stack, "webhooks") as stage,
        patch.dict(os.environ, {"WEBHOOKS_TO_LOOPBACK": "true"}),
        step("webhooks: jobs with one and without"),
    ):
        secret = stage.environment["WEBHOOK_SECRETS"] + requests.TENANT
        secrets = stage.client("secretsmanager")
        secrets.create_secret(Name=secret, SecretString=spelled([new_secret()]))
        plain = walked(Line(stage), stage, quick=setting.quick)
        told = Told(stage, url)
        course, _, logged = walked(told, stage, quick=setting.quick)
    cpu = median(told.cpu_ms[WARM_UP:])
    without, with_it = money(*plain), money(course, plain[1] + cpu, logged)
    services, beside = (cost.more(*each) for each in zip(with_it, without, strict=True))
    steps = {row.what: row for row in course.rows()}
    return Section(
        title="Webhooks",
        rows=[
            steps["publish: AWS calls"],
            steps["deliver: AWS calls"],
            Row(what="deliver: CPU", value=cpu, unit="ms"),
            *cost.rows("a million webhooks", services, beside),
        ],
        notes=NOTES,
        thousand={"webhooks": cost.a_thousand(services, beside)},
    )


class Told(Line):
    """The line of jobs of whose end somebody is told."""

    def __init__(self, stage: Scene, url: str) -> None:
        super().__init__(stage)
        self._url = url
        self.cpu_ms: list[float] = []
        """Of each delivery."""

    @override
    def create(self) -> requests.Event:
        webhook = {"url": self._url, "events": ["completed"]}
        return requests.create(timeout_ms=DEADLINE_MS, webhook=webhook)

    @override
    def run(self) -> Course:
        course = super().run()
        message = self.message("WEBHOOK_QUEUE_URL")
        message["attributes"] = {"ApproximateReceiveCount": "1"}
        before = course.cpu_ms
        answer = self.work("deliver", "workers.deliver_webhook", {"Records": [message]})
        if answer["batchItemFailures"]:
            raise RuntimeError("the webhook was not taken")
        self.cpu_ms.append(course.cpu_ms - before)
        course.polled += POLLER_REQUESTS
        return course


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def received() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
