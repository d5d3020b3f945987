"""`sortie webhooks`."""

from client.tests.responses import JOB_ID, NOON, ok

DELIVERY = {
    "deliveryId": "d-1", "jobId": JOB_ID, "dialect": "messaging", "url": "https://x/hook",
    "event": "completed", "sequence": 2, "status": "failed", "createdAt": NOON,
    "attempts": [{"at": NOON, "durationMs": 5, "status": 500}],
}  # fmt: skip


def test_list_prints_each_delivery_with_its_last_attempt(sortie, server) -> None:
    server.will(ok({"deliveries": [DELIVERY]}))

    columns = sortie("webhooks", "list", JOB_ID).out.rstrip("\n").split("\t")

    assert columns[:3] == ["d-1", "failed", "completed"]
    assert columns[4:] == ["500", "https://x/hook"]


def test_redeliver_prints_the_new_status(sortie, server) -> None:
    server.will(ok(DELIVERY | {"status": "pending"}))

    assert sortie("webhooks", "redeliver", "d-1").out == "d-1: pending\n"
    assert server.paths == ["POST /webhooks/d-1/redeliver"]
