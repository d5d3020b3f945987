import pytest
from pydantic import ValidationError

from jobs.auth.api_key import Scope
from jobs.core.webhook import Webhook
from jobs.docs.docs_job import Project
from jobs.docs.entries import to_project
from jobs.messaging.entries import to_agent
from jobs.missions.entries import to_group, to_plan
from jobs.webhooks.entries import to_subscription
from jobs.webhooks.webhook import Subscription
from local.stack.seed import REGISTRY
from scripts.registry_file import RegistryFile
from scripts.registry_load import list_keys

GROUP = "  - {{id: {id}, name: G, devices: [{devices}]}}\n"
MISSION = "tenant: acme\nmissions: [{{id: round, name: R, waypoints: [{waypoints}]}}]"
FINE = "[-179.1234567, -89.1234567, 499.5]"
VARIABLES = {
    "BASE_URL": "http://127.0.0.1:8080",
    "GIT_URL": "http://127.0.0.1:8081",
    "STACK": "sortie",
}
PROJECT = "  - {{id: docs, repository: '{url}', provider: {rest}}}\n"
AGENT = "  - {{id: 11111111-1111-4111-8111-111111111111, name: A, provider: {provider}}}"


def test_demo_registry_is_valid() -> None:
    file = RegistryFile.read(REGISTRY, VARIABLES)

    docks = [to_group(file.tenant, each).devices[0] for each in file.deviceGroups]
    assert [(dock.id, dock.range_m) for dock in docks] == [("dock-1", 5000), ("dock-3", 5000)]
    assert [len(to_plan(each).waypoints) for each in file.missions] == [6, 6]
    assert [agent.provider for agent in file.agents] == ["echo", "echo", "remote"]
    assert to_agent(file.agents[2]).settings == {
        "baseUrl": "http://127.0.0.1:8080/",
        "agentId": "11111111-1111-4111-8111-111111111111",
        "apiKeySecret": "sortie/agents/far-echo",
    }
    assert to_project("demo", file.projects[0]) == Project(
        id="demo-docs",
        tenant="demo",
        repository="http://127.0.0.1:8081/demo-docs.git",
        folder="docs",
        credentials_secret="sortie/agents/git",
        subdomain="demo",
    )


def test_project_has_every_field_of_its_entry(tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text("""
        tenant: acme
        projects:
          - id: docs
            repository: https://git.example/acme/docs.git
            defaultBranch: trunk
            folder: docs/guides
            subdomain: acme
            provider: openai
            models: {sonnet: small, opus: large}
            settings: {baseUrl: "http://models.example/v1", apiKeySecret: acme/models}
            secret: acme/git
            pullRequests: acme/docs
            githubApi: https://github.example/api/v3
        docsKeys: [{name: ci, scopes: [read], expiresInDays: 90}]
    """)

    read = RegistryFile.read(file, {})

    assert to_project(read.tenant, read.projects[0]) == Project(
        id="docs",
        tenant="acme",
        repository="https://git.example/acme/docs.git",
        default_branch="trunk",
        folder="docs/guides",
        subdomain="acme",
        provider="openai",
        models={"sonnet": "small", "opus": "large"},
        settings={
            "baseUrl": "http://models.example/v1",
            "apiKeySecret": "acme/models",
            "githubApi": "https://github.example/api/v3",
        },
        credentials_secret="acme/git",
        pull_requests="acme/docs",
    )
    assert read.docsKeys[0].scopes == [Scope.READ]


def test_agent_of_workers_and_its_keys_are_read(tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text("""
        tenant: acme
        agents:
          - id: 55555555-5555-4555-8555-555555555555
            name: Own
            provider: worker
            settings: {timeoutSeconds: 3600}
        workerKeys:
          - { name: gpu, agents: [55555555-5555-4555-8555-555555555555], expiresInDays: 90 }
          - { name: all, agents: "*" }
    """)

    read = RegistryFile.read(file, {})

    assert to_agent(read.agents[0]).settings == {"timeoutSeconds": 3600, "maxAttempts": 5}
    assert [(key.opens, key.name, key.scopes) for key in list_keys(read)] == [
        ("workers", "gpu", {"55555555-5555-4555-8555-555555555555"}), ("workers", "all", {"*"}),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [
    "agents: []",
    "tenant: acme\nagents:\n"
    + AGENT.format(provider="worker, settings: {timeoutSeconds: 3601}"),
    "tenant: acme\nagents:\n" + AGENT.format(provider="worker, settings: {maxAttempts: 0}"),
    "tenant: acme\nworkerKeys: [{name: a, agents: []}]",
    "tenant: acme\nworkerKeys: [{name: a, agents: all}]",
    "tenant: acme\nkeys: [a]\nworkerKeys: [{name: a, agents: '*'}]",
    "tenant: a#b",
    "tenant: acme\nsurprise: 1",
    "tenant: acme\nagents:\n" + AGENT.format(provider="psychic"),
    "tenant: acme\nagents:\n" + AGENT.format(provider="remote"),
    "tenant: acme\nagents:\n" + AGENT.format(provider="openai, settings: {model: m}"),
    "tenant: acme\nagents:\n" + AGENT.format(provider="bedrock, settings: {modelId: ''}"),
    "tenant: acme\nagents:\n" + AGENT.format(provider="echo").replace("1111-1111", "x"),
    "tenant: acme\ndeviceGroups:\n" + GROUP.format(id="a/b", devices=""),
    "tenant: acme\ndeviceGroups:\n" + GROUP.format(id="'a b'", devices=""),
    "tenant: acme\ndeviceGroups:\n" + GROUP.format(id="a", devices="{id: d/1, name: D}"),
    "tenant: acme\ndeviceGroups:\n" + GROUP.format(id="a", devices="{id: d.1, name: D}"),
    "tenant: acme\ndeviceGroups:\n" + 2 * GROUP.format(id="a", devices=""),
    "tenant: acme\ndeviceGroups:\n"
    + GROUP.format(id="a", devices="{id: d, name: D}")
    + GROUP.format(id="b", devices="{id: d, name: D}"),
    *(
        "tenant: acme\nprojects:\n" + PROJECT.format(url=url, rest="scripted")
        for url in (
            "http://git.example/docs.git", "git@git.example:docs.git", "ssh://git.example/docs",
            "https://me:secret@git.example/docs.git", "https://git.example/d?a=b", "https:///docs",
            "https://git.example", "https://git.example/#x", "file:///etc/passwd",
            "http://localhost.example/docs", "https://git.example/a b", "",
        )
    ),
    *(
        "tenant: acme\nprojects:\n" + PROJECT.format(url="https://git.example/docs.git", rest=rest)
        for rest in (
            "psychic", "openai", "bedrock", "'bedrock', models: {sonnet: m}",
            "scripted, folder: /docs", "scripted, folder: a/../b", "scripted, folder: .Git",
            "scripted, folder: docs/", "scripted, defaultBranch: a..b",
            "scripted, pullRequests: docs",
        )
    ),
    "tenant: acme\nprojects:\n" + 2 * PROJECT.format(url="https://g.example/d", rest="scripted"),
    "tenant: acme\ndocsKeys: [{name: ci, scopes: []}]",
    "tenant: acme\ndocsKeys: [{name: ci, scopes: [admin]}]",
    "tenant: acme\ndocsKeys: [{name: ci, scopes: [read], expiresInDays: 0}]",
    "tenant: acme\nkeys: [ci]\ndocsKeys: [{name: ci, scopes: [read]}]",
    "tenant: payers\nkeys: [first]",
    "tenant: payers\ndocsKeys: [{name: ci, scopes: [read]}]",
    MISSION.format(waypoints=""),
    MISSION.format(waypoints="[10, 53]"),
    MISSION.format(waypoints="[53, 100, 40]"),
    MISSION.format(waypoints="[.nan, 53, 40]"),
])  # fmt: skip
def test_invalid_file_is_refused(text, tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(text)

    with pytest.raises(ValidationError):
        RegistryFile.read(file, {})


WEBHOOK = "tenant: acme\nwebhooks: [{{ id: {id}, url: '{url}', {rest} }}]"
URL = "https://hooks.example.com/in"


@pytest.mark.parametrize(
    ("rest", "events", "active"),
    [
        ("events: [completed, failed]", {"completed", "failed"}, True),
        ("", set(), True),
        ("active: false", set(), False),
    ],
)
def test_webhook_has_every_field_of_its_entry(tmp_path, rest, events, active) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(WEBHOOK.format(id="crm", url=URL, rest=rest))

    [entry] = RegistryFile.read(file, {}).webhooks

    assert to_subscription("acme", entry) == Subscription(
        id="crm",
        tenant="acme",
        webhook=Webhook(url=URL, events=frozenset(events)),
        active=active,
    )


@pytest.mark.parametrize("wrong", [
    {"id": "c r m"},
    {"url": "http://hooks.example.com"},
    {"url": "https://169.254.169.254/"},
    {"url": "https://[::1/"},
    {"url": "https://me:word@hooks.example.com"},
    {"rest": "events: [ended]"},
    {"rest": "secret: mine"},
], ids=str)  # fmt: skip
def test_invalid_webhook_is_refused(tmp_path, wrong) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(WEBHOOK.format(**{"id": "crm", "url": URL, "rest": ""} | wrong))

    with pytest.raises(ValidationError):
        RegistryFile.read(file, {})


def test_receiver_on_the_loopback_needs_no_https(tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(WEBHOOK.format(id="crm", url="http://127.0.0.1:8000/in", rest=""))

    [entry] = RegistryFile.read(file, {}).webhooks

    assert entry.url == "http://127.0.0.1:8000/in"


def test_two_webhooks_with_one_id_are_refused(tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    one = f"{{ id: crm, url: '{URL}' }}"
    file.write_text(f"tenant: acme\nwebhooks: [{one}, {one}]")

    with pytest.raises(ValidationError):
        RegistryFile.read(file, {})


@pytest.mark.parametrize(("waypoint", "most"), [("[9.9, 53.5, 40]", 1999), (FINE, 969)])
def test_mission_too_large_for_an_order_is_refused(tmp_path, waypoint, most) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(MISSION.format(waypoints=",".join([waypoint] * most)))
    assert len(RegistryFile.read(file, {}).missions[0].waypoints) == most

    file.write_text(MISSION.format(waypoints=",".join([waypoint] * (most + 1))))

    with pytest.raises(ValidationError, match=f"{most + 1} waypoints are too many"):
        RegistryFile.read(file, {})
