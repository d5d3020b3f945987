"""Every function has the environment variables that its code may read, and no others."""

import re
from pathlib import Path

import pytest

from tests.architecture.environment import Source

ROOT = Path(__file__).parents[2]
FOLDERS = ("functions", "layers/jobs", "layers/openapi")
READ_BY_PACKAGES = {
    "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME", "PYDANTIC_DISABLE_PLUGINS",
}  # fmt: skip
READ_BY_WEB_ADAPTER = {"AWS_LAMBDA_EXEC_WRAPPER", "AWS_LWA_INVOKE_MODE", "AWS_LWA_PORT"}
SET_BY_LAMBDA = {"AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"}
READ_AWS_SETTINGS = {"json_client.py", "sigv4.py"}
"""Files that read the settings that all SDKs of AWS read."""
MENTION = re.compile(r"\b(?:environ|getenv)\b")
LITERAL = re.compile(r'os\.environ(?:\["([A-Z_]+)"\]|\.get\("AWS_[A-Z_]+"\))')

SOURCES = {
    "handler.py": """
from wiring import wiring as feature
import kinds
from use_case import UseCase

def handle(event):
    feature.get(event)
    use_case = UseCase(kinds.kind)
    run(use_case, feature.plain)

lambda_handler = handle
""",
    "wiring.py": """
import os
from functools import cached_property
from store import Store

class CoreWiring:
    @cached_property
    def store(self) -> Store:
        return Store(os.environ["TABLE"])

class FeatureWiring:
    def __init__(self, core: CoreWiring) -> None:
        self._core = core

    @cached_property
    def get(self):
        return self._core.store

    def plain(self):
        return os.environ["BY_FUNCTION"]

    @cached_property
    def other(self):
        return os.environ["NOT_READ"]

wiring = FeatureWiring(CoreWiring())
""",
    "store.py": """
import os

class Store:
    def __init__(self, table): ...

    def later(self):
        return os.environ["BY_CLASS"]
""",
    "kinds.py": """
import os
from typing import Protocol
from collections.abc import Callable

class Kind(Protocol):
    @property
    def name(self) -> str: ...
    def link(self) -> str: ...
    def follow(self) -> None: ...

type Kinds = Callable[[str], Kind]

class MessageKind:
    name = "message"

    def link(self) -> str:
        return os.environ["LINK"]

    def follow(self) -> None:
        os.environ["NOT_FOLLOWED"]

class SessionMessageKind(MessageKind):
    def link(self) -> str:
        return super().link() + os.environ["OVERRIDE"]

def kind(name: str) -> Kind:
    return SessionMessageKind()
""",
    "use_case.py": """
from kinds import Kinds

class UseCase:
    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def __call__(self):
        return self._kinds("message").link()
""",
}


def module_of(function) -> str:
    handler = function["Handler"]
    if not handler.endswith(".sh"):
        return handler.removesuffix(".lambda_handler")
    script = (ROOT / "functions" / handler).read_text()
    return re.search(r"uvicorn ([\w.]+):app", script)[1]


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(*(ROOT / folder for folder in FOLDERS))


def test_function_has_exactly_the_variables_that_its_code_may_read(functions, source) -> None:
    missing, unread = {}, {}
    for name, function in functions.items():
        given = {*function.get("Environment", {}).get("Variables", {})} - READ_BY_WEB_ADAPTER
        read = source.variables(module_of(function)) - SET_BY_LAMBDA
        missing[name], unread[name] = read - given, given - read

    assert {name: some for name, some in missing.items() if some} == {}
    assert {name: some for name, some in unread.items() if some} == {}


def test_variable_in_the_code_is_read_by_some_function(functions, source) -> None:
    """Otherwise the search misses it, or the code is dead."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    read = {name for file in files for name in LITERAL.findall(file.read_text()) if name}
    named = {name for name in read if not name.startswith("AWS_")}
    found = [source.variables(module_of(function)) for function in functions.values()]

    assert named == set().union(*found) - SET_BY_LAMBDA


def test_globals_give_functions_only_what_packages_read(template) -> None:
    everywhere = template["Globals"]["Function"]["Environment"]["Variables"]

    assert everywhere.keys() == READ_BY_PACKAGES


def test_web_server_has_the_variables_of_the_web_adapter(functions) -> None:
    for function in functions.values():
        given = function.get("Environment", {}).get("Variables", {}).keys()
        is_web_server = function["Handler"].endswith(".sh")
        assert given & READ_BY_WEB_ADAPTER == (READ_BY_WEB_ADAPTER if is_web_server else set())


def test_code_reads_each_variable_by_its_literal_name() -> None:
    """Otherwise the search in the source would miss it. AWS itself sets what begins with `AWS_`."""
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            if file.name in READ_AWS_SETTINGS:
                continue
            text = file.read_text()
            assert len(MENTION.findall(text)) == len(LITERAL.findall(text)), file


def test_search_follows_used_members_of_wirings_and_kinds(tmp_path) -> None:
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text)

    found = Source(tmp_path)

    assert found.variables("handler") == {"TABLE", "BY_FUNCTION", "BY_CLASS", "LINK", "OVERRIDE"}
