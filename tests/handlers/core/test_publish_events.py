import json

import pytest

from jobs import kinds
from jobs.core.publish_changes import PublishChanges
from jobs.core.status import JobStatus
from jobs.kit.errors import RefusedError, UnavailableError
from tests.fakes.memory import Outbox

ID = "019b7963-4a00-7000-8000-000000000001"


@pytest.fixture
def counts(world):
    def count() -> dict[str, int]:
        found = world.counters.read("demo", "messaging").by_status
        return {status.value: n for status, n in found.items() if n}

    return count


def test_changes_are_counted_once_and_published_in_order(invoke, world, counts) -> None:
    invoke("workers/publish_events")

    assert counts() == {"SUCCEEDED": 1}
    assert [
        (detail["sequence"], detail["status"], detail["previousStatus"], detail["occurredAt"])
        for detail in world.bus.details
    ] == [
        (1, "PENDING", None, "2026-01-01T12:00:00+00:00"),
        (2, "RUNNING", "PENDING", "2026-01-01T12:00:00.200000+00:00"),
        (3, "SUCCEEDED", "RUNNING", "2026-01-01T12:00:00.450000+00:00"),
    ]


def test_event_names_job_without_its_content(invoke, world) -> None:
    invoke("workers/publish_events")

    detail = world.bus.details[0]
    del detail["eventId"], detail["occurredAt"]
    assert detail == {
        "version": "1",
        "sequence": 1,
        "tenant": "demo",
        "dialect": "messaging",
        "jobId": ID,
        "status": "PENDING",
        "previousStatus": None,
        "links": {"self": f"/api/messaging/jobs/{ID}"},
    }
    assert "who are you" not in json.dumps(world.bus.details)


def test_replayed_batch_keeps_counts_and_event_ids(invoke, world, counts) -> None:
    for _ in range(2):
        invoke("workers/publish_events")

    ids = [detail["eventId"] for detail in world.bus.details]
    assert counts() == {"SUCCEEDED": 1}
    assert ids[:3] == ids[3:]
    assert len(set(ids)) == 3


def test_deleted_running_job_is_no_longer_counted(invoke, event, world, counts) -> None:
    first = event("workers/publish_events")["Records"][0]
    removed = json.loads(json.dumps(first))
    removed["dynamodb"]["OldImage"] = removed["dynamodb"].pop("NewImage")

    invoke("workers/publish_events", {"Records": [first, removed]})

    assert counts() == {}
    assert len(world.bus.details) == 1


def test_renewed_lease_is_not_published(invoke, event, world, counts) -> None:
    renewed = event("workers/publish_events")["Records"][1]
    renewed["dynamodb"]["OldImage"] = renewed["dynamodb"]["NewImage"]

    invoke("workers/publish_events", {"Records": [renewed]})

    assert counts() == {}
    assert world.bus.details == []


def test_refused_batch_is_retried_with_exact_counts(invoke, world, counts, monkeypatch) -> None:
    with monkeypatch.context() as busy:
        busy.setattr(
            world.bus, "put_events", lambda **_: {"Entries": [{"ErrorCode": "InternalFailure"}]}
        )
        with pytest.raises(UnavailableError):
            invoke("workers/publish_events")

    invoke("workers/publish_events")

    assert counts() == {"SUCCEEDED": 1}
    assert len(world.bus.details) == 3


def test_change_is_logged_without_content(invoke, log) -> None:
    invoke("workers/publish_events")

    assert [(line["job_id"], line["job_status"]) for line in log()] == [
        (ID, JobStatus.PENDING),
        (ID, JobStatus.RUNNING),
        (ID, JobStatus.SUCCEEDED),
    ]
    assert "who are you" not in json.dumps(log())


def test_changes_are_printed_as_metrics(invoke, capsys) -> None:
    invoke("workers/publish_events")

    *_, succeeded = map(json.loads, capsys.readouterr().out.splitlines())
    [metrics] = succeeded["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == "sortie-test"
    assert [sorted(each) for each in metrics["Dimensions"]] == [
        ["dialect", "service", "status"],
        ["service", "status"],
    ]
    assert metrics["Metrics"] == [
        {"Name": "ProcessingTime", "Unit": "Milliseconds"},
        {"Name": "Jobs", "Unit": "Count"},
    ]
    assert (succeeded["service"], succeeded["dialect"], succeeded["status"]) == (
        "sortie", "messaging", "SUCCEEDED",
    )  # fmt: skip
    assert (succeeded["ProcessingTime"], succeeded["Jobs"]) == ([450.0], [1.0])


def test_full_batch_loses_no_metric(invoke, event, capsys) -> None:
    ended = event("workers/publish_events")["Records"][2]
    batch = [
        json.loads(json.dumps(ended).replace(ID, f"019b7963-4a00-7000-8000-{n:012}"))
        for n in range(100)
    ]

    invoke("workers/publish_events", {"Records": batch})

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(len(each.get("ProcessingTime", [])) for each in printed) == 100
    assert sum(sum(each.get("Jobs", [])) for each in printed) == 100


def test_metrics_contain_no_tenant_and_no_content(invoke, capsys) -> None:
    invoke("workers/publish_events")

    printed = capsys.readouterr().out
    assert printed
    assert "demo" not in printed
    assert ID not in printed
    assert "who are you" not in printed


def test_record_refused_for_good_blocks_no_other(invoke, world, event, log, rewire) -> None:
    class Refusing(Outbox):
        def publish(self, changes) -> None:
            raise RefusedError("AWS refused the request: x")

    def publisher(kinds):
        outbox = Refusing()
        return PublishChanges(counters=world.counters, publisher=outbox, metrics=outbox)

    rewire(kinds.core, publish_changes=publisher)
    records = event("workers/publish_events")["Records"]

    with pytest.raises(RefusedError):  # Lambda halves the batch
        invoke("workers/publish_events")
    invoke("workers/publish_events", {"Records": records[:1]})

    assert log()[-1]["message"] == "record refused for good, left out"
