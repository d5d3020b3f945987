"""Webhooks of the deployed stack: receivers that check, fail, hang and redirect."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup
from jobs.missions.partner import Role
from tests import receiver
from tests.e2e.api import Api, eventually
from tests.e2e.webhooks.deliveries import deliveries, signing, until


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


def test_a_tenants_own_webhook_hears_of_all_its_jobs(api, secret, server, make, tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(
        f"tenant: {api.tenant}\n"
        f"webhooks: [{{ id: crm, url: '{server.url}', events: [completed, failed] }}]\n"
    )
    said = make("registry", FILE=file)
    assert said.returncode == 0, said.stderr

    jobs = [api.create(), api.create("/fail because")]

    eventually(lambda: len(server.received), lambda n: n == 2)
    heard = {(each.json["data"]["jobId"], each.json["type"]) for each in server.received}
    assert heard == {(jobs[0], "job.completed"), (jobs[1], "job.failed")}
    assert deliveries(api, jobs[0])[0]["subscription"] == "crm"


def test_a_missions_receiver_is_named_in_its_body(cloud, make_partner, server) -> None:
    pilot = make_partner(Role.PILOT)
    secret = signing(cloud, pilot.tenant)
    devices = (Device(id=uuid4().hex, tenant=pilot.tenant, group="field", name="Dock"),)
    DynamoFleetRegistry(cloud.client("dynamodb"), cloud.registry, lambda: 0).put_group(
        DeviceGroup(id="field", tenant=pilot.tenant, name="Field", devices=devices)
    )
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    about = {"name": "Round", "deviceGroupId": "field", "scheduledAt": later}
    told = {"url": server.url, "events": ["created", "cancelled"]}

    job_id = pilot.post("/v3/jobs/create", {**about, "webhook": told}).json["job"]["jobId"]
    eventually(lambda: len(server.received), lambda count: count == 1)
    pilot.post(f"/v3/jobs/{job_id}/cancel")

    eventually(lambda: len(server.received), lambda count: count == 2)
    heard = [each.verified(secret) for each in server.received]
    assert [each["type"] for each in heard] == ["job.created", "job.cancelled"]
    assert {each["data"]["links"]["self"] for each in heard} == {f"/v3/jobs/{job_id}"}


def test_a_documentation_agents_receiver_is_named_in_a_header(cloud, make_docs, server) -> None:
    docs = make_docs()  # its repository is nowhere
    secret = signing(cloud, docs.tenant)

    created = docs.create("say A secret", **{"X-Webhook-Url": server.url})

    assert created.status == 201, created
    eventually(lambda: len(server.received), lambda count: count == 3)
    types = {each.verified(secret)["type"] for each in server.received}
    assert types == {"job.created", "job.started", "job.failed"}
    assert b"A secret" not in b"".join(each.body for each in server.received)


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
    cloud, api, secret, server, make
) -> None:
    sqs, queue = cloud.client("sqs"), cloud.stack.outputs["WebhookQueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])
    policy = json.loads(attributes["Attributes"]["RedrivePolicy"])
    letters = cloud.waiting("WebhookDeadLetterQueueUrl")
    server.then(receiver.status(503))
    impatient = json.dumps({**policy, "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": impatient})
    try:
        job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
        eventually(
            lambda: cloud.waiting("WebhookDeadLetterQueueUrl"), lambda count: count > letters
        )
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})

    server.then(receiver.status(204))
    said = make("redrive", QUEUE="WebhookDeadLetterQueue")

    assert said.returncode == 0, said.stderr
    until(api, job_id, "delivered")


def test_an_operator_gives_a_tenant_a_secret_which_is_shown_once(api, server, make) -> None:
    said = make("webhook-secret", TENANT=api.tenant)
    secret = said.stdout.rsplit(maxsplit=1)[-1]
    refused = make("webhook-secret", TENANT="Not/one")
    job_id = api.create(webhook={"url": server.url, "events": ["created"]})

    until(api, job_id, "delivered")
    assert server.received[0].verified(secret)["type"] == "job.created"
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
