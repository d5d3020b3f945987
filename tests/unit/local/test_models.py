"""`MODEL=…`: what is refused, and what the registry gets."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from local.kit.errors import LocalStackError
from local.models.model import Model, bedrock_variables, read_model
from local.models.reach import check_model
from local.models.warm_up import load_in_background
from local.stack.model import AGENT, list_agents, with_model
from local.stack.seed import read_registry
from tests.adapters.upstream import Upstream, never_respond, reply, respond_slowly, running
from tests.e2e.api import eventually
from tests.tls import secure

KEY = "sk-abcdef-0123456789"
KINDS = "say ollama:NAME, openai:NAME, anthropic:NAME, bedrock:ID or tiny"
OLLAMA = "http://127.0.0.1:11434/v1"
BEDROCK = {"AWS_BEARER_TOKEN_BEDROCK": KEY, "CALLERS_AWS_REGION": "eu-west-1"}
CLAUDE = "eu.anthropic.claude-sonnet-4-20250514-v1:0"
LIST = {"object": "list", "data": [{"id": "qwen3:latest"}, {"id": "llama3.2:1b"}]}


def read(choice: str, **variables: str) -> Model:
    model = read_model({"MODEL": choice} | variables)
    assert model
    return model


def refusal(choice: str, **variables: str) -> str:
    with pytest.raises(LocalStackError) as refused:
        check_model(read(choice, **variables))
    text = str(refused.value)
    assert "\n" not in text
    assert KEY not in text
    return text


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture
def bedrock(upstream, tmp_path, monkeypatch) -> Upstream:
    """Amazon Bedrock with a certificate of its own: botocore sends no token over plain HTTP."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secure(upstream, tmp_path)))
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "")
    return upstream


@pytest.mark.parametrize(("choice", "variables", "kind", "name", "url"), [
    ("ollama:qwen3:8b", {}, "ollama", "qwen3:8b", OLLAMA),
    (" ollama:qwen3 ", {"OLLAMA_BASE_URL": "http://box:1/v1/"}, "ollama", "qwen3", "http://box:1/v1"),
    ("openai:gpt-5", {"OPENAI_API_KEY": KEY}, "openai", "gpt-5", "https://api.openai.com/v1"),
    ("openai:org/m", {"OPENAI_BASE_URL": "http://gpu/v1"}, "openai", "org/m", "http://gpu/v1"),
    ("anthropic:claude", {"ANTHROPIC_API_KEY": KEY}, "anthropic", "claude",
     "https://api.anthropic.com/v1"),
    (f"bedrock:{CLAUDE}", BEDROCK, "bedrock", CLAUDE,
     "https://bedrock-runtime.eu-west-1.amazonaws.com"),
    ("tiny", {}, "tiny", "SmolLM2-135M-Instruct", ""),
])  # fmt: skip
def test_choice_names_model_and_endpoint(choice, variables, kind, name, url) -> None:
    model = read(choice, **variables)

    assert (model.kind, model.name, model.base_url) == (kind, name, url)
    assert KEY not in repr(model)


@pytest.mark.parametrize("variables", [{}, {"MODEL": " "}])
def test_no_choice_is_no_model(variables) -> None:
    assert read_model(variables) is None


@pytest.mark.parametrize("choice", [
    "what", "ollama", "ollama:", "openai: ", ":gpt", "tiny:big", "TINY", "azure:gpt", "ollama:a\tb",
])  # fmt: skip
def test_no_such_kind_names_the_kinds(choice) -> None:
    shown = choice.strip() if choice.isprintable() else ascii(choice)
    assert refusal(choice) == f"MODEL={shown}: {KINDS}"


@pytest.mark.parametrize(("choice", "variables", "needed"), [
    ("openai:gpt-5", {}, "OPENAI_API_KEY"),
    ("openai:gpt-5", {"OPENAI_API_KEY": " "}, "OPENAI_API_KEY"),
    ("anthropic:claude", {}, "ANTHROPIC_API_KEY"),
    ("bedrock:x", {}, "AWS_BEARER_TOKEN_BEDROCK and AWS_REGION"),
    ("bedrock:x", {"AWS_BEARER_TOKEN_BEDROCK": KEY}, "AWS_REGION"),
    ("bedrock:x", {"AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": "x"}, "AWS_REGION"),
])  # fmt: skip
def test_missing_key_is_named(choice, variables, needed) -> None:
    assert refusal(choice, **variables) == f"MODEL={choice} needs {needed} in the environment"


@pytest.mark.parametrize(("choice", "variables", "text"), [
    ("openai:x", {"OPENAI_API_KEY": f"{KEY} {KEY}"}, "OPENAI_API_KEY has characters that no key"),
    ("openai:x", {"OPENAI_API_KEY": f"{KEY}é"}, "OPENAI_API_KEY has characters that no key"),
    ("openai:x", {"OPENAI_BASE_URL": "localhost:8000"}, "OPENAI_BASE_URL is no URL such as"),
    ("ollama:x", {"OLLAMA_BASE_URL": f"http://me:{KEY}@box/v1"}, "OLLAMA_BASE_URL is no URL such"),
    ("ollama:x", {"OLLAMA_BASE_URL": "http://box:port/v1"}, "OLLAMA_BASE_URL is no URL such as"),
    ("ollama:x", {"OLLAMA_BASE_URL": "http://[box/v1"}, "OLLAMA_BASE_URL is no URL such as"),
    ("bedrock:x", BEDROCK | {"CALLERS_AWS_REGION": "evil.example/"}, "AWS_REGION='evil.example/'"),
])  # fmt: skip
def test_unusable_variable_is_named(choice, variables, text) -> None:
    assert refusal(choice, **variables).startswith(text)


@pytest.mark.parametrize("answer", [
    reply(LIST), reply({"data": [{"id": "qwen3"}]}), reply([{"id": "qwen3"}]),
    reply({"data": [{"id": "models/qwen3"}]}), reply({}, 404), reply(b"404 page not found", 404),
    reply({"data": [{"id": 7}, 7, {"id": "qwen3"}]}),
], ids=lambda _: "")  # fmt: skip
def test_endpoint_with_model_is_accepted(upstream, answer) -> None:
    upstream.then(answer)

    check_model(read("ollama:qwen3", OLLAMA_BASE_URL=f"{upstream.url}/v1"))

    assert (upstream.only.method, upstream.only.path) == ("GET", "/v1/models")
    assert "authorization" not in upstream.only.headers


def test_openai_endpoint_receives_the_key(upstream) -> None:
    upstream.then(reply({"data": [{"id": "gpt-5"}]}))

    check_model(read("openai:gpt-5", OPENAI_BASE_URL=upstream.url, OPENAI_API_KEY=f"{KEY}\n"))

    assert upstream.only.headers["authorization"] == f"Bearer {KEY}"


def test_anthropic_endpoint_is_asked_in_its_own_way(upstream) -> None:
    alias = {"type": "model", "id": "claude-sonnet-4-5-20250929"}
    upstream.then(reply({"data": [alias], "has_more": False}), reply(alias))
    model = read("anthropic:claude-sonnet-4-5", ANTHROPIC_API_KEY=KEY).at(upstream.url)

    check_model(model)

    paths = ["/models?limit=1000", "/models/claude-sonnet-4-5"]
    assert [each.path for each in upstream.received] == paths
    for each in upstream.received:
        assert (each.headers["x-api-key"], each.headers["anthropic-version"]) == (KEY, "2023-06-01")
        assert "authorization" not in each.headers


def test_nothing_at_the_address_tells_what_to_start(unused_url) -> None:
    assert refusal("ollama:qwen3", OLLAMA_BASE_URL=unused_url) == (
        f"MODEL=ollama:qwen3: nothing answers at {unused_url}; start it with"
        ' "ollama serve". Without MODEL, agents echo.'
    )
    assert refusal("openai:gpt-5", OPENAI_BASE_URL=unused_url) == (
        f"MODEL=openai:gpt-5: nothing answers at {unused_url}. Without MODEL, agents echo."
    )


@pytest.fixture
def unused_url() -> Iterator[str]:
    with socket.socket() as bound:  # bound, but not listening
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


@pytest.mark.parametrize("answer", [never_respond, respond_slowly])
def test_endpoint_without_an_end_is_left(upstream, answer) -> None:
    upstream.then(answer)
    model = read("openai:x", OPENAI_BASE_URL=upstream.url)

    with pytest.raises(LocalStackError, match="nothing answers at"):
        check_model(model, timeout_s=0.2)


@pytest.mark.parametrize(("status", "key", "text"), [
    (401, KEY, "{url} refuses the key in OPENAI_API_KEY"),
    (403, KEY, "{url} refuses the key in OPENAI_API_KEY"),
    (401, "", "MODEL=openai:gpt-5 needs OPENAI_API_KEY in the environment"),
    (403, "", "MODEL=openai:gpt-5: {url}/models answers 403"),
    (500, KEY, "MODEL=openai:gpt-5: {url}/models answers 500"),
    (302, KEY, "MODEL=openai:gpt-5: {url}/models answers 302"),
])  # fmt: skip
def test_refusal_of_endpoint_is_told(upstream, status, key, text) -> None:
    upstream.then(reply({"error": {"message": KEY}}, status, Location="/v1/models"))

    line = refusal("openai:gpt-5", OPENAI_BASE_URL=upstream.url, OPENAI_API_KEY=key)

    assert line == text.format(url=upstream.url)
    assert len(upstream.received) == 1


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'"x"', b'{"data": 7}', b"[" * 100_000])
def test_other_answer_than_a_list_is_told(upstream, body) -> None:
    upstream.then(reply(body))

    line = refusal("openai:gpt-5", OPENAI_BASE_URL=upstream.url)

    assert line == (
        f"MODEL=openai:gpt-5: {upstream.url}/models is no list of models; is the URL right?"
    )


def test_missing_model_lists_ten_others(upstream) -> None:
    upstream.then(reply({"data": [{"id": f"m{n:02}"} for n in range(12)]}))
    url = upstream.url

    listed = ", ".join(f"m{n:02}" for n in range(10))
    assert refusal("ollama:qwen3", OLLAMA_BASE_URL=url) == (
        f'MODEL=ollama:qwen3: {url} has no qwen3, get it with "ollama pull qwen3". It has: {listed}'
    )
    assert refusal("openai:gpt-5", OPENAI_BASE_URL=url) == (
        f"MODEL=openai:gpt-5: {url} has no gpt-5. It has: {listed}"
    )


@pytest.mark.parametrize("names", [None, []])
def test_endpoint_without_models_has_none(upstream, names) -> None:
    upstream.then(reply({"object": "list", "data": names}))

    assert refusal("ollama:qwen3", OLLAMA_BASE_URL=upstream.url).endswith("It has: none")


def test_bedrock_is_asked_for_one_token(bedrock) -> None:
    output = {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}
    bedrock.then(reply({"output": output, "stopReason": "max_tokens"}))

    check_model(read(f"bedrock:{CLAUDE}", **BEDROCK).at(bedrock.url.replace("http", "https")))

    assert bedrock.only.path == f"/model/{CLAUDE.replace(':', '%3A')}/converse"
    assert bedrock.only.headers["authorization"] == f"Bearer {KEY}"
    assert bedrock.only.body["inferenceConfig"] == {"maxTokens": 1}


@pytest.mark.parametrize(("status", "code", "message", "text"), [
    (403, "AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.",
     "{url} refuses the key in AWS_BEARER_TOKEN_BEDROCK"),
    (401, "UnrecognizedClientException", "Invalid token",
     "{url} refuses the key in AWS_BEARER_TOKEN_BEDROCK"),
    (403, "AccessDeniedException", "You don't have access to the model with this model ID.",
     "MODEL=bedrock:m: {url} answers: You don't have access to the model with this model ID."),
    (400, "ValidationException", "The provided model identifier is invalid.",
     "MODEL=bedrock:m: {url} has no m"),
    (404, "ResourceNotFoundException", "Model not found.", "MODEL=bedrock:m: {url} has no m"),
    (400, "ValidationException", f"Retry with an inference profile. token {KEY}",
     "MODEL=bedrock:m: {url} answers: Retry with an inference profile. token …"),
    (503, "ServiceUnavailableException", "", "MODEL=bedrock:m: {url} answers: HTTP 503"),
])  # fmt: skip
def test_refusal_of_bedrock_is_told(bedrock, status, code, message, text) -> None:
    bedrock.then(reply({"message": message}, status, x_amzn_ErrorType=code))
    url = bedrock.url.replace("http", "https")
    model = read("bedrock:m", **BEDROCK).at(url)

    with pytest.raises(LocalStackError) as refused:
        check_model(model)

    assert str(refused.value) == text.format(url=url)
    assert len(bedrock.received) == 1


def test_throttled_bedrock_is_accepted(bedrock) -> None:
    bedrock.then(reply({"message": "Slow"}, 429, x_amzn_ErrorType="ThrottlingException"))

    check_model(read("bedrock:m", **BEDROCK).at(bedrock.url.replace("http", "https")))


def test_nothing_at_bedrocks_address_is_told(unused_url, monkeypatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "")
    url = unused_url.replace("http", "https")

    with pytest.raises(LocalStackError, match=r"^MODEL=bedrock:m: nothing answers at"):
        check_model(read("bedrock:m", **BEDROCK).at(url))


def test_only_bedrock_gets_the_key_by_variables() -> None:
    model = read("bedrock:m", **BEDROCK)

    assert bedrock_variables(model) == {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://bedrock-runtime.eu-west-1.amazonaws.com",
        "AWS_BEARER_TOKEN_BEDROCK": KEY,
    }
    assert bedrock_variables(read("openai:m", OPENAI_API_KEY=KEY)) == {}
    assert bedrock_variables(None) == {}


def seeded(model: Model | None) -> Any:
    file = read_registry("sortie", "http://127.0.0.1:8080", "http://127.0.0.1:8081/demo-docs.git")
    return with_model(file, model, "sortie")


@pytest.mark.parametrize(("choice", "variables", "settings", "project"), [
    ("ollama:qwen3", {}, {"baseUrl": OLLAMA, "model": "qwen3"}, {"baseUrl": OLLAMA}),
    ("openai:gpt-5", {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://gpu/v1"},
     {"baseUrl": "http://gpu/v1", "model": "gpt-5", "apiKeySecret": "sortie/agents/model"},
     {"baseUrl": "http://gpu/v1", "apiKeySecret": "sortie/agents/model"}),
    ("bedrock:m", BEDROCK, {"modelId": "m"}, {}),
])  # fmt: skip
def test_registry_gets_model_as_agent_and_project(choice, variables, settings, project) -> None:
    model = read(choice, **variables)

    file = seeded(model)

    first = file.agents[0].model_dump(mode="json", exclude_none=True)
    prompt = first["settings"].pop("systemPrompt")
    assert prompt
    assert (first["id"], first["order"], first["name"]) == (AGENT, 0, model.name)
    assert first["bio"] == f"{model.kind} {model.name}, at {model.host}"
    assert first["settings"] == settings
    [docs] = file.projects
    assert (docs.id, docs.provider) == ("demo-docs", model.provider)
    assert (docs.models.sonnet, docs.models.opus) == (model.name, model.name)
    assert docs.settings.model_dump(mode="json", exclude_none=True) == project
    assert KEY not in file.model_dump_json()


def test_registry_gets_tiny_as_agent_only() -> None:
    plain, file = seeded(None), seeded(read("tiny").at("http://127.0.0.1:1/v1"))

    assert file.agents[0].settings.model == "SmolLM2-135M-Instruct"
    assert (file.agents[1:], file.projects) == (plain.agents, plain.projects)


def test_agents_are_listed_with_the_endpoint_of_the_model() -> None:
    model = read("ollama:qwen3")

    listed = list_agents(seeded(model), model)

    assert listed == "qwen3 (ollama, 127.0.0.1:11434), Echo, Second echo, Far echo"


def test_ollama_loads_its_model_in_the_background(upstream) -> None:
    load_in_background(None)
    load_in_background(read("openai:gpt-5", OPENAI_BASE_URL=upstream.url))

    load_in_background(read("ollama:qwen3", OLLAMA_BASE_URL=f"{upstream.url}/v1"))

    [sent] = eventually(lambda: [*upstream.received], bool)
    assert sent.path == "/v1/chat/completions"
    assert (sent.body["model"], sent.body["max_tokens"]) == ("qwen3", 1)
