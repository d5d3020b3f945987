"""The model that `MODEL=<kind>:<name>` names, where it is, and the key for it.

Nothing of the caller's environment is read but the variables that this module names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self, override
from urllib.parse import urlsplit

from local.kit.errors import LocalStackError

type Kind = Literal["ollama", "openai", "anthropic", "bedrock", "tiny"]

OLLAMA_URL: Final = "http://127.0.0.1:11434/v1"
OPENAI_URL: Final = "https://api.openai.com/v1"
ANTHROPIC_URL: Final = "https://api.anthropic.com/v1"
BEDROCK_URL: Final = "https://bedrock-runtime.{region}.amazonaws.com"
BEDROCK_KEY: Final = "AWS_BEARER_TOKEN_BEDROCK"
REGION: Final = "AWS_REGION"
CALLERS_REGION: Final = "CALLERS_AWS_REGION"
"""The Makefile hides the caller's AWS settings from local runs, and passes this one on."""
BEDROCK_ENDPOINT: Final = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
PARAMETERS: Final = {"DefaultTimeoutMs": "120000"}
"""The template's, with a model: a local one may have to be loaded, and be slow."""
TINY_NAME: Final = "SmolLM2-135M-Instruct"
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_KEY: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """`choice` is MODEL as given. Only `base_url` receives `key`, which is from `key_variable`."""

    choice: str
    kind: Kind
    name: str
    base_url: str = ""
    key_variable: str = ""
    key: str = field(default="", repr=False)

    @property
    def provider(self) -> Literal["openai", "bedrock"]:
        """The provider of agents and projects that have this model."""
        return "bedrock" if self.kind == "bedrock" else "openai"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def has_tools(self) -> bool:
        return self.kind != "tiny"

    def at(self, base_url: str) -> Self:
        return replace(self, base_url=base_url)

    @override
    def __str__(self) -> str:
        return f"{self.name} ({self.kind}, {self.host})"

    def description(self) -> dict[str, str]:
        """Return what `stack.json` tells of it."""
        return {"kind": self.kind, "name": self.name, "baseUrl": self.base_url}


def read_model(variables: Mapping[str, str]) -> Model | None:
    """Return the model that MODEL names, or None without MODEL.

    Raises:
        LocalStackError: It names none, or lacks a variable; the text says which.

    """
    choice = variables.get("MODEL", "").strip()
    if not choice:
        return None
    kind, _, name = choice.partition(":")
    match kind:
        case "tiny" if choice == kind:
            return Model(choice=choice, kind=kind, name=TINY_NAME)
        case "ollama" | "openai" | "anthropic" | "bedrock" if name.strip() and name.isprintable():
            return _find(Model(choice=choice, kind=kind, name=name.strip()), variables)
    shown = choice if choice.isprintable() else ascii(choice)
    raise LocalStackError(
        f"MODEL={shown}: say ollama:NAME, openai:NAME, anthropic:NAME, bedrock:ID or tiny"
    )


def bedrock_variables(model: Model | None) -> dict[str, str]:
    """Return the variables with which botocore finds Bedrock; none with another model."""
    if model is None or model.kind != "bedrock":
        return {}
    return {BEDROCK_ENDPOINT: model.base_url, BEDROCK_KEY: model.key}


def _find(model: Model, variables: Mapping[str, str]) -> Model:
    """Return the model with its address and its key."""
    match model.kind:
        case "ollama":
            return model.at(_read_url(variables, "OLLAMA_BASE_URL") or OLLAMA_URL)
        case "openai":
            url = _read_url(variables, "OPENAI_BASE_URL")
            keyed = _with_key(model, variables, "OPENAI_API_KEY")
            _require(model, {} if url else {"OPENAI_API_KEY": keyed.key})
            return keyed.at(url or OPENAI_URL)
        case "anthropic":
            keyed = _with_key(model, variables, "ANTHROPIC_API_KEY")
            _require(model, {"ANTHROPIC_API_KEY": keyed.key})
            return keyed.at(ANTHROPIC_URL)
    keyed = _with_key(model, variables, BEDROCK_KEY)
    region = variables.get(CALLERS_REGION, "").strip()
    _require(model, {BEDROCK_KEY: keyed.key, REGION: region})
    if not _REGION.fullmatch(region):
        raise LocalStackError(f"{REGION}={region!a} is no region such as eu-central-1")
    return keyed.at(BEDROCK_URL.format(region=region))


def _with_key(model: Model, variables: Mapping[str, str], variable: str) -> Model:
    """Return the model with the key, if any. HTTP libraries print keys that they refuse."""
    key = variables.get(variable, "").strip()
    if key and not _KEY.fullmatch(key):
        raise LocalStackError(f"{variable} has characters that no key has, such as a space")
    return replace(model, key_variable=variable, key=key)


def _require(model: Model, needed: Mapping[str, str]) -> None:
    if missing := " and ".join(name for name, value in needed.items() if not value):
        raise LocalStackError(f"MODEL={model.choice} needs {missing} in the environment")


def _read_url(variables: Mapping[str, str], variable: str) -> str:
    """Return the URL without a slash at its end, or nothing."""
    url = variables.get(variable, "").strip().rstrip("/")
    if url and not _is_base_url(url):  # it may hold a password, so do not print it
        raise LocalStackError(f"{variable} is no URL such as {OLLAMA_URL}, without a password")
    return url


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    has_more = "@" in parts.netloc or "?" in url or "#" in url
    is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0
    return is_usable and not has_more and _KEY.fullmatch(url) is not None
