import pytest
from pydantic import ValidationError

from local.seed import REGISTRY
from scripts.registry_file import RegistryFile, to_agent, to_group, to_plan

GROUP = "  - {{id: {id}, name: G, devices: [{devices}]}}\n"
MISSION = "tenant: acme\nmissions: [{{id: round, name: R, waypoints: [{waypoints}]}}]"
AGENT = "  - {{id: 11111111-1111-4111-8111-111111111111, name: A, provider: {provider}}}"


def test_the_demo_registry_is_right() -> None:
    file = RegistryFile.read(REGISTRY, {"BASE_URL": "http://127.0.0.1:8080", "STACK": "sortie"})

    assert [to_group(file.tenant, each).devices[0].id for each in file.deviceGroups] == [
        "dock-1",
        "dock-3",
    ]
    assert [len(to_plan(each).waypoints) for each in file.missions] == [6, 6]
    assert [agent.provider for agent in file.agents] == ["echo", "echo", "remote"]
    assert to_agent(file.agents[2]).settings == {
        "baseUrl": "http://127.0.0.1:8080/",
        "agentId": "11111111-1111-4111-8111-111111111111",
        "apiKeySecret": "sortie/agents/far-echo",
    }


@pytest.mark.parametrize("text", [
    "agents: []",
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
    MISSION.format(waypoints=""),
    MISSION.format(waypoints="[10, 53]"),
    MISSION.format(waypoints="[53, 100, 40]"),
    MISSION.format(waypoints="[.nan, 53, 40]"),
])  # fmt: skip
def test_a_file_that_is_not_right_is_refused(text, tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(text)

    with pytest.raises(ValidationError):
        RegistryFile.read(file, {})
