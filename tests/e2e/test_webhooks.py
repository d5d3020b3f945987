"""Webhooks of the deployed stack: receivers that check, fail, hang and redirect."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.adapters.dynamodb.subscriptions import DynamoSubscriptions
from jobs.adapters.webhook_secrets import spelled
from jobs.domain.webhook import Subscription, Webhook
from jobs.domain.webhook_signature import new_secret
from local.aws import CREDENTIALS
from local.paths import ROOT
from tests import receiver
from tests.e2e.api import Api, eventually
from tests.e2e.cloud import Cloud
from tests.receiver import Receiver, receiving


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def secret(cloud: Cloud, api: Api) -> str:
    made = new_secret()
    cloud.client("secretsmanager").create_secret(
        Name=f"{cloud.stack.name}/webhooks/{api.tenant}", SecretString=spelled([made])
    )
    return made


def deliveries(api: Api, job_id: str) -> Any:
    answer = api.get(f"/webhooks/deliveries?jobId={job_id}")
    assert answer.status == 200, answer
    return answer.json["deliveries"]


def until(api: Api, job_id: str, *states: str) -> Any:
    """The job's deliveries, once they are in these states."""
    return eventually(
        lambda: deliveries(api, job_id),
        lambda found: [each["status"] for each in found] == [*states],
    )


def test_a_receiver_is_told_each_step_and_can_check_who_says_so(api, secret, server) -> None:
    job_id = api.create("A private question", webhook={"url": f"{server.url}/hooks"})

    found = until(api, job_id, *["delivered"] * 3)

    told = {each.verified(secret)["type"]: each for each in server.received}
    assert told.keys() == {"job.created", "job.started", "job.completed"}
    assert [each["event"] for each in found] == ["created", "started", "completed"]
    assert {each.headers["webhook-id"] for each in server.received} == {
        each["deliveryId"] for each in found
    }
    body = told["job.completed"].json
    assert body["data"]["jobId"] == job_id
    assert body["data"]["links"]["self"] == f"/api/messaging/jobs/{job_id}"
    assert b"private" not in b"".join(each.body for each in server.received)


def test_a_receiver_that_fails_once_is_told_again(api, secret, server) -> None:
    server.then(receiver.status(500), receiver.status(200))

    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})

    [found] = until(api, job_id, "delivered")
    assert [each["status"] for each in found["attempts"]] == [500, 200]
    assert len({each.headers["webhook-id"] for each in server.received}) == 1


@pytest.mark.parametrize(
    ("behaviour", "noted"),
    [
        (receiver.hang, {"error": "timeout"}),
        (receiver.status(302, Location="http://127.0.0.1:1/"), {"status": 302}),
        (receiver.drop, {"error": "connection"}),
    ],
)
def test_a_receiver_that_does_not_take_it_is_noted_as_it_behaves(
    api, secret, server, behaviour, noted
) -> None:
    server.then(behaviour)

    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})

    [found] = eventually(lambda: deliveries(api, job_id), lambda told: told and told[0]["attempts"])
    first = found["attempts"][0]
    assert found["status"] == "pending"
    assert {name: first.get(name) for name in noted} == noted


def test_whoever_was_away_has_it_sent_once_more(api, secret, server) -> None:
    server.then(receiver.status(410), receiver.status(204))
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    [gone] = until(api, job_id, "failed")

    again = api.post(f"/webhooks/{gone['deliveryId']}/redeliver", b"")

    assert again.status == 202
    [found] = until(api, job_id, "delivered")
    assert [each["status"] for each in found["attempts"]] == [410, 204]


def test_nobody_elses_deliveries_can_be_seen_or_sent(api, make_tenant, secret, server) -> None:
    rival = make_tenant()
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    [found] = until(api, job_id, "delivered")

    assert deliveries(rival, job_id) == []
    assert rival.post(f"/webhooks/{found['deliveryId']}/redeliver", b"").status == 404
    for path in (f"/webhooks/deliveries?jobId={job_id}",):
        assert Api(api.base_url, None, "").get(path).status == 401


def test_a_tenants_own_webhook_hears_of_all_its_jobs(cloud, api, secret, server) -> None:
    table = DynamoSubscriptions(cloud.client("dynamodb"), cloud.registry, lambda: 0)
    ends = frozenset({"completed", "failed"})
    crm = Webhook(url=server.url, events=ends)
    table.put(Subscription(id="crm", tenant=api.tenant, webhook=crm))

    jobs = [api.create(), api.create("/fail because")]

    eventually(lambda: len(server.received), lambda n: n == 2)
    heard = {(each.json["data"]["jobId"], each.json["type"]) for each in server.received}
    assert heard == {(jobs[0], "job.completed"), (jobs[1], "job.failed")}
    assert deliveries(api, jobs[0])[0]["subscription"] == "crm"


@pytest.mark.parametrize("url", [
    "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[fd00:ec2::254]/",
    "ftp://127.0.0.1/", "http://user:word@127.0.0.1/",
])  # fmt: skip
def test_addresses_that_only_we_can_reach_are_refused_at_once(api, url) -> None:
    status, error = api.ask(webhook={"url": url}).error

    assert status == 400
    assert error.startswith("webhook.url must ")


def test_a_name_of_a_private_address_is_refused_when_something_is_to_be_sent(api, secret) -> None:
    job_id = api.create(webhook={"url": "http://0x0a000001/", "events": ["created"]})

    [found] = eventually(lambda: deliveries(api, job_id), lambda told: told and told[0]["attempts"])
    assert found["attempts"][0]["error"] == "address_refused"


def test_what_nobody_took_for_long_is_a_dead_letter_and_comes_back_from_there(
    cloud, api, secret, server
) -> None:
    sqs, outputs = cloud.client("sqs"), cloud.stack.outputs
    queue, letters = outputs["WebhookQueueUrl"], outputs["WebhookDeadLetterQueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])
    policy = json.loads(attributes["Attributes"]["RedrivePolicy"])
    server.then(receiver.status(503))
    impatient = json.dumps({**policy, "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": impatient})
    try:
        job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
        letter = eventually(lambda: ours(sqs, letters, job_id), bool)
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})

    server.then(receiver.status(204))
    sqs.delete_message(QueueUrl=letters, ReceiptHandle=letter["ReceiptHandle"])
    sqs.send_message(QueueUrl=queue, MessageBody=letter["Body"])

    until(api, job_id, "delivered")


def ours(sqs: Any, queue: str, job_id: str) -> Any:
    """The job's message in a queue; what else is there is other tests'."""
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return next((each for each in found if json.loads(each["Body"])["jobId"] == job_id), None)


def test_an_operator_gives_a_tenant_a_secret_which_is_shown_once(cloud, api, server) -> None:
    def make(*more: str) -> subprocess.CompletedProcess[str]:
        where = {"AWS_ENDPOINT_URL": cloud.stack.aws_endpoint_url, "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            ["make", "--no-print-directory", "webhook-secret", *more, f"STACK={cloud.stack.name}"],
            cwd=ROOT, env=CREDENTIALS | where, capture_output=True, text=True, check=False,
        )  # fmt: skip

    said = make(f"TENANT={api.tenant}")
    secret = said.stdout.rsplit(maxsplit=1)[-1]
    refused = make("TENANT=Not/one")
    job_id = api.create(webhook={"url": server.url, "events": ["created"]})

    until(api, job_id, "delivered")
    assert server.received[0].verified(secret)["type"] == "job.created"
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
