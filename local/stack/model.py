"""What the registry gets for the model that MODEL names."""

from typing import Any, Final
from uuid import UUID

from jobs import kinds
from jobs.admin.manage_entries import ManageEntries
from jobs.admin.ports import Registry
from jobs.docs.entries import (
    BedrockProject,
    Models,
    OpenAiProject,
    OpenAiProjectSettings,
    ProjectEntry,
)
from jobs.kit.clock import now
from jobs.messaging.entries import (
    AgentEntry,
    BedrockAgent,
    BedrockAgentSettings,
    OpenAiAgent,
    OpenAiAgentSettings,
)
from local.models.model import Model
from scripts.registry_file import RegistryFile
from scripts.registry_load import MAKE

AGENT: Final = "77777777-7777-4777-8777-777777777777"
SYSTEM_PROMPT: Final = "You are a helpful assistant. Answer briefly."
TINY_PARAMETERS: Final = {"max_tokens": 256, "temperature": 0.2}
"""It may repeat itself until its context is full."""


def secret_name(stack: str) -> str:
    """Return the name of the secret with the model's key."""
    return f"{stack}/agents/model"


def with_model(file: RegistryFile, model: Model | None, stack: str) -> RegistryFile:
    """Return the demo registry with an agent of this model, the default one, and its project."""
    if model is None:
        return file
    secret = secret_name(stack) if model.key else None
    projects = [_with_model(each, model, secret) for each in file.projects]
    return file.model_copy(
        update={"agents": [_to_agent(model, secret), *file.agents], "projects": projects}
    )


def forget_model(registry: Registry, tenant: str) -> None:
    """Delete the agent of the last run's model, if there is one."""
    agents = kinds.resource("agents")
    if registry.find(agents, tenant, AGENT):
        entries = ManageEntries(registry=registry, resources=kinds.resources(), clock=now)
        entries.delete(MAKE, agents, tenant, AGENT)


def list_agents(file: RegistryFile, model: Model) -> str:
    """Return the agents' names for the terminal, that of the model with its endpoint."""
    others = [each.name for each in file.agents if str(each.id) != AGENT]
    return ", ".join([str(model), *others])


def _to_agent(model: Model, secret: str | None) -> AgentEntry:
    about: dict[str, Any] = {
        "id": UUID(AGENT),
        "name": model.name,
        "bio": f"{model.kind} {model.name}, at {model.host}",
        "order": 0,
    }
    if model.provider == "bedrock":
        return BedrockAgent(
            **about,
            provider="bedrock",
            settings=BedrockAgentSettings(modelId=model.name, systemPrompt=SYSTEM_PROMPT),
        )
    settings = OpenAiAgentSettings.model_validate(
        {
            "baseUrl": model.base_url,
            "model": model.name,
            "systemPrompt": SYSTEM_PROMPT,
            "apiKeySecret": secret,
            "parameters": None if model.has_tools else TINY_PARAMETERS,
        }
    )
    return OpenAiAgent(**about, provider="openai", settings=settings)


def _with_model(project: ProjectEntry, model: Model, secret: str | None) -> ProjectEntry:
    """Return the project with the model; unchanged if the model cannot use tools."""
    if not model.has_tools:
        return project
    kept = {
        name: value for name, value in project if name not in {"provider", "models", "settings"}
    }
    models = Models(sonnet=model.name, opus=model.name)
    if model.provider == "bedrock":
        return BedrockProject(**kept, provider="bedrock", models=models)
    settings = OpenAiProjectSettings.model_validate(
        {"baseUrl": model.base_url, "apiKeySecret": secret}
    )
    return OpenAiProject(**kept, provider="openai", models=models, settings=settings)
