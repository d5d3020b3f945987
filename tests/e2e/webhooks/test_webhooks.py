"""Webhooks of the deployed stack and their receivers."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup
from jobs.missions.partner import Role
from tests import receiver
from tests.e2e.api import Api, eventually
from tests.e2e.webhooks.deliveries import deliveries, signing, until

BOTH_WAYS = True


def test_receiver_gets_a_signed_event_for_each_change(api, secret, server) -> None:
    job_id = api.create("A private question", webhook={"url": f"{server.url}/hooks"})

    found = until(api, job_id, *["delivered"] * 3)

    requests = {each.verified(secret)["type"]: each for each in server.received}
    assert requests.keys() == {"job.created", "job.started", "job.completed"}
    assert [each["event"] for each in found] == ["created", "started", "completed"]
    assert {each.headers["webhook-id"] for each in server.received} == {
        each["deliveryId"] for each in found
    }
    body = requests["job.completed"].json
    assert body["data"]["jobId"] == job_id
    assert body["data"]["links"]["self"] == f"/api/messaging/jobs/{job_id}"
    assert b"private" not in b"".join(each.body for each in server.received)


def test_failed_delivery_is_retried(api, secret, server) -> None:
    server.then(receiver.status(500), receiver.status(200))

    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})

    [found] = until(api, job_id, "delivered")
    assert [each["status"] for each in found["attempts"]] == [500, 200]
    assert len({each.headers["webhook-id"] for each in server.received}) == 1


def test_usage_of_a_key_has_its_job_and_attempts(stack, api, secret, server) -> None:
    server.then(receiver.status(410))
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    until(api, job_id, "failed")

    operator = Api(stack.base_url, stack.seeded["admin"]["apiKey"], "")
    usage = f"/admin/usage?tenant={api.tenant}&key={api.key.split('_')[1]}"
    used = eventually(lambda: operator.get(usage).json["total"], lambda it: it["webhookAttempts"])

    assert used["webhookAttempts"] == 1
    assert [(it["dialect"], it["succeeded"], it["failed"]) for it in used["jobs"]] == [
        ("messaging", 1, 0)
    ]


def test_failed_delivery_can_be_redelivered_on_demand(api, secret, server) -> None:
    server.then(receiver.status(410), receiver.status(204))
    job_id = api.create(webhook={"url": server.url, "events": ["completed"]})
    [gone] = until(api, job_id, "failed")

    again = api.post(f"/webhooks/{gone['deliveryId']}/redeliver", b"")

    assert again.status == 202
    [found] = until(api, job_id, "delivered")
    assert [each["status"] for each in found["attempts"]] == [410, 204]


def test_subscribed_webhook_receives_all_jobs_of_its_tenant(
    api, secret, server, make, tmp_path
) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(
        f"tenant: {api.tenant}\n"
        f"webhooks: [{{ id: crm, url: '{server.url}', events: [completed, failed] }}]\n"
    )
    completed = make("registry", FILE=file)
    assert completed.returncode == 0, completed.stderr

    jobs = [api.create(), api.create("/fail because")]

    eventually(lambda: len(server.received), lambda n: n == 2)
    received = {(each.json["data"]["jobId"], each.json["type"]) for each in server.received}
    assert received == {(jobs[0], "job.completed"), (jobs[1], "job.failed")}
    assert deliveries(api, jobs[0])[0]["subscription"] == "crm"


def test_webhook_of_a_mission_is_named_in_its_body(cloud, make_partner, server) -> None:
    pilot = make_partner(Role.PILOT)
    secret = signing(cloud, pilot.tenant)
    devices = (Device(id=uuid4().hex, tenant=pilot.tenant, group="field", name="Dock"),)
    DynamoFleetRegistry(cloud.client("dynamodb"), cloud.registry, lambda: 0).put_group(
        DeviceGroup(id="field", tenant=pilot.tenant, name="Field", devices=devices)
    )
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    about = {"name": "Round", "deviceGroupId": "field", "scheduledAt": later}
    webhook = {"url": server.url, "events": ["created", "cancelled"]}

    job_id = pilot.post("/v3/jobs/create", {**about, "webhook": webhook}).json["job"]["jobId"]
    eventually(lambda: len(server.received), lambda count: count == 1)
    pilot.post(f"/v3/jobs/{job_id}/cancel")

    eventually(lambda: len(server.received), lambda count: count == 2)
    received = [each.verified(secret) for each in server.received]
    assert [each["type"] for each in received] == ["job.created", "job.cancelled"]
    assert {each["data"]["links"]["self"] for each in received} == {f"/v3/jobs/{job_id}"}


def test_webhook_of_a_docs_job_is_named_in_a_header(cloud, make_docs, server) -> None:
    docs = make_docs()  # its repository does not exist
    secret = signing(cloud, docs.tenant)

    created = docs.create("say A secret", **{"X-Webhook-Url": server.url})

    assert created.status == 201, created
    eventually(lambda: len(server.received), lambda count: count == 3)
    types = {each.verified(secret)["type"] for each in server.received}
    assert types == {"job.created", "job.started", "job.failed"}
    assert b"A secret" not in b"".join(each.body for each in server.received)


def test_delivery_to_a_private_address_is_refused(api, secret) -> None:
    job_id = api.create(webhook={"url": "http://0x0a000001/", "events": ["created"]})

    [found] = eventually(
        lambda: deliveries(api, job_id), lambda found: found and found[0]["attempts"]
    )
    assert found["attempts"][0]["error"] == "address_refused"


def test_secret_made_by_the_operator_signs_webhooks(api, server, make) -> None:
    completed = make("webhook-secret", TENANT=api.tenant)
    secret = completed.stdout.rsplit(maxsplit=1)[-1]
    job_id = api.create(webhook={"url": server.url, "events": ["created"]})

    until(api, job_id, "delivered")
    assert server.received[0].verified(secret)["type"] == "job.created"
