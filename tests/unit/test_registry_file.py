import pytest
from pydantic import ValidationError

from local.seed import REGISTRY
from scripts.registry_file import RegistryFile, to_agent

AGENT = "  - {{id: 11111111-1111-4111-8111-111111111111, name: A, provider: {provider}}}"


def test_the_demo_registry_is_right() -> None:
    file = RegistryFile.read(REGISTRY, {"BASE_URL": "http://127.0.0.1:8080", "STACK": "sortie"})

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
])  # fmt: skip
def test_a_file_that_is_not_right_is_refused(text, tmp_path) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(text)

    with pytest.raises(ValidationError):
        RegistryFile.read(file, {})
