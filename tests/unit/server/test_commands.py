"""Commands beside a running server: dead letters, secrets, the export of the registry."""

import io
import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from moto import mock_aws

from jobs import kinds
from jobs.admin.wiring import wiring as admin
from jobs.auth.adapters.api_keys import DynamoApiKeys
from jobs.auth.adapters.sqlite import SqliteApiKeys
from jobs.auth.authenticate import new_key
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.adapters.dynamodb.stream import changes
from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.webhook import Webhook
from jobs.kit.sqlite.database import Database
from jobs.kit.sqlite.outbox import SCHEMA as OUTBOX
from jobs.kit.sqlite.outbox import Outbox
from jobs.kit.sqlite.queue import Policy, Queue
from local.kit.paths import ROOT
from scripts.server_template import extract
from sortie_server import __main__ as commands
from sortie_server.__main__ import CommandError
from sortie_server.dead_letters import CHANGES
from sortie_server.export import Exported, export_jobs, export_registry
from sortie_server.server import open_server
from sortie_server.settings import ParameterError
from sortie_server.template import Template
from tests.adapters.engines import DynamoDb, client
from tests.support import NOON


def now() -> int:
    return 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    template = Template.parse(json.loads(json.dumps(extract(ROOT / "template.yaml"))))
    monkeypatch.setattr(Template, "load", lambda: template)
    return tmp_path


@pytest.fixture
def database(folder: Path):
    made = Database(folder / "sortie.db")
    yield made
    made.close()


def test_dlq_beside_the_server_redrives_a_webhook(folder, database, capsys) -> None:
    dead = Queue(database, "WebhookDeadLetterQueue", now)
    dead.send("letter")

    assert commands.main(["dlq", "--data", str(folder)]) == 0
    assert commands.main(["dlq", "--data", str(folder), "--redrive", dead.name]) == 0

    assert capsys.readouterr().out == (
        "WebhookDeadLetterQueue  1\nWebhookDeadLetterQueue: 1 returned to their source\n"
    )
    [message] = Queue(database, "WebhookQueue", lambda: 2**42, Policy()).receive()
    assert message.body == "letter"
    assert len(dead) == 0


def test_dlq_redrives_a_change_to_the_outbox(folder, database) -> None:
    database.create(OUTBOX)
    outbox = Outbox(database)
    outbox.subscribe({"follow": "jobs"})
    Queue(database, CHANGES, now).send('{"new": 1}')

    assert commands.main(["dlq", "--data", str(folder), "--redrive", CHANGES]) == 0

    assert [each.body for each in outbox.read("follow", limit=9)] == [{"new": 1}]


def test_dlq_of_unknown_queue_names_the_known_ones(folder, database, capsys) -> None:
    Queue(database, "AgentQueue", now)

    assert commands.main(["dlq", "--data", str(folder), "--redrive", "Mine"]) == 1

    assert "AgentDeadLetterQueue" in capsys.readouterr().err


def test_secret_from_standard_input_is_readable_by_its_owner_only(folder, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cret\n"))

    assert commands.main(["secret", "--data", str(folder), "sortie/agents/far"]) == 0

    file = folder / "secrets.json"
    assert json.loads(file.read_text()) == {"sortie/agents/far": "s3cret"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("AgentConcurrency=many", "AgentConcurrency=many: must be a number from 2 to 1000"),
        ("AgentConcurrency=1", "AgentConcurrency=1: must be a number from 2 to 1000"),
        ("Payments=yes", "Payments=yes: must be off or required or instead-of-key"),
        ("PublicUrl=https://a.example/", "PublicUrl=https://a.example/: must be text that"),
        ("AgentCurrency=5", "unknown: AgentCurrency; known are AgentConcurrency, "),
    ],
)
def test_wrong_setting_is_refused_before_the_folder_is_made(folder, setting, complaint) -> None:
    data, (name, value) = folder / "data", commands.parse_setting(setting)

    with pytest.raises(ParameterError) as refused, open_server(data, {name: value}):
        pass

    assert str(refused.value).startswith(complaint)
    assert not data.exists()


def test_command_without_database_says_so(folder, capsys) -> None:
    assert commands.main(["dlq", "--data", str(folder)]) == 1

    assert "there is no database" in capsys.readouterr().err


@pytest.fixture
def deployed() -> Iterator[DynamoDb]:
    """The tables of a stack on AWS."""
    with mock_aws():
        yield DynamoDb(client("dynamodb"), remote=False)


def test_exported_key_opens_the_deployed_stack(folder, database, deployed) -> None:
    _, key = new_key("acme")
    SqliteApiKeys(database).put_key(key)

    first, second = (
        export_registry(folder / "sortie.db", deployed.client, deployed.registry) for _ in range(2)
    )

    assert (first, second) == (Exported(1, 0), Exported(0, 1))
    assert DynamoApiKeys(deployed.client, deployed.registry).key(key.id) == key


@pytest.fixture
def jobs(database, clock) -> SqliteJobRepository:
    return SqliteJobRepository(database, clock, kinds.storage)


@pytest.fixture
def export(folder, deployed) -> Callable[..., Exported]:
    return partial(export_jobs, folder / "sortie.db", deployed.client, deployed.jobs)


@pytest.mark.parametrize("size", [1, 150_000])
def test_exported_job_is_read_from_the_deployed_stack(jobs, export, deployed, a_job, size) -> None:
    job = a_job(request={"content": "x" * size}, webhook=Webhook(url="https://example.com"))
    running = job.claim(now=NOON, lease=1000)
    ended = running.succeed({"content": "y" * size}, now=NOON)
    for each in (ended, replace(running, id=f"{job.id[:-1]}2")):
        jobs.add(each)

    first, second = (export(now=NOON) for _ in range(2))

    assert (first, second) == (Exported(1, 0), Exported(0, 1))
    stack = DynamoJobRepository(deployed.client, deployed.jobs, lambda: NOON, kinds.storage)
    assert stack.get(job.ref) == ended


def test_export_leaves_out_expired_jobs(jobs, export, a_job) -> None:
    ended = a_job().claim(now=NOON, lease=1000).succeed({}, now=NOON)
    jobs.add(ended)

    assert export(now=ended.gone_at) == Exported(0, 0)


def test_export_keeps_the_latest_job_of_a_conversation(
    database, jobs, export, deployed, a_job
) -> None:
    jobs.add(a_job().claim(now=NOON, lease=1000).succeed({}, now=NOON))
    database.write(
        lambda db: db.execute("UPDATE jobs SET details = json_set(details, '$.latest', 'last')")
    )

    export(now=NOON)

    [item] = deployed.client.scan(TableName=deployed.jobs)["Items"]
    assert item["latest"] == {"S": "last"}


def test_stream_tells_that_an_exported_job_is_an_import(jobs, export, deployed, a_job) -> None:
    jobs.add(a_job().claim(now=NOON, lease=1000).succeed({}, now=NOON))

    export(now=NOON)

    [item] = deployed.client.scan(TableName=deployed.jobs)["Items"]
    [change] = changes([{"dynamodb": {"NewImage": item}}], kinds.storage)
    assert change.is_import


def test_registry_with_a_lambda_agent_is_refused_without_aws(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(vars(admin), "registry", None)
    file = tmp_path / "registry.yaml"
    file.write_text(
        "tenant: acme\nagents: [{id: 11111111-1111-4111-8111-111111111111, name: F,"
        " provider: lambda, settings: {function: sortie-agent-f}}]"
    )

    with pytest.raises(CommandError, match=r"agents\.0\.provider: lambda needs a stack on AWS"):
        commands.apply_registry(file, "http://127.0.0.1:1")
