"""Measure what a webhook adds to its job: AWS calls, CPU time and dollars."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, override
from unittest.mock import patch

from bench import cost, requests
from bench.job import DEADLINE_MS, POLLER_REQUESTS, WARM_UP, MessageRunner, price_jobs, run_jobs
from bench.recording import Recording
from bench.report import Row, Section
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting, median
from jobs.webhooks.adapters.secrets import dump_secrets
from jobs.webhooks.signature import new_secret
from local.kit.progress import step

NOTES: Final = """\
A message job with one webhook for its end, which the receiver accepts at once. The dollars are the
additional cost over a job without. List prices of us-east-1 and Lambda's time as above. Each second
of a receiver's response time adds $6.67 per million, and each further attempt costs as much as the
first.
"""


def run(setting: Setting) -> Section:
    with (
        run_receiver() as url,
        open_sandbox(setting.stack, "webhooks") as sandbox,
        patch.dict(os.environ, {"WEBHOOKS_TO_LOOPBACK": "true"}),
        step("webhooks: jobs with and without"),
    ):
        secret = sandbox.environment["WEBHOOK_SECRETS"] + requests.TENANT
        secrets = sandbox.client("secretsmanager")
        secrets.create_secret(Name=secret, SecretString=dump_secrets([new_secret()]))
        plain = run_jobs(MessageRunner(sandbox), sandbox, quick=setting.quick)
        runner = WebhookRunner(sandbox, url)
        recording, _, logged = run_jobs(runner, sandbox, quick=setting.quick)
    cpu = median(runner.cpu_ms[WARM_UP:])
    base, total = price_jobs(*plain), price_jobs(recording, plain[1] + cpu, logged)
    services, extras = (cost.subtract(*each) for each in zip(total, base, strict=True))
    steps = {row.name: row for row in recording.rows()}
    return Section(
        title="Webhooks",
        rows=[
            steps["publish: AWS calls"],
            steps["deliver: AWS calls"],
            Row(name="deliver: CPU", value=cpu, unit="ms"),
            *cost.build_rows("a million webhooks", services, extras),
        ],
        notes=NOTES,
        thousand={"webhooks": cost.price_thousand(services, extras)},
    )


class WebhookRunner(MessageRunner):
    """Runs jobs with a webhook for their end."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        super().__init__(sandbox)
        self._url = url
        self.cpu_ms: list[float] = []
        """The CPU time of each delivery."""

    @override
    def create(self) -> requests.Event:
        webhook = {"url": self._url, "events": ["completed"]}
        return requests.create(timeout_ms=DEADLINE_MS, webhook=webhook)

    @override
    def run(self) -> Recording:
        recording = super().run()
        message = self.message("WEBHOOK_QUEUE_URL")
        previous = recording.cpu_ms
        answer = self.work("deliver", "workers.deliver_webhook", {"Records": [message]})
        if answer["batchItemFailures"]:
            raise RuntimeError("the receiver has not accepted the webhook")
        self.cpu_ms.append(recording.cpu_ms - previous)
        recording.polled += POLLER_REQUESTS
        return recording


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextmanager
def run_receiver() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
