"""Who may import whom. The arrow points inwards: adapters and dialects know the domain."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/jobs/jobs"
HANDLERS = sorted((ROOT / "functions").rglob("*.py"))

# All that a part may know beside the standard library; a part that is not named knows nothing.
KNOWS = {
    "domain": {"jobs.domain"},
    "ports": {"jobs.domain"},
    "conversation_ports": {"jobs.domain", "jobs.ports"},
    "docs_ports": {"jobs.domain", "jobs.ports"},
    "mission_ports": {"jobs.domain"},
    "payment_ports": {"jobs.domain"},
    "watch_ports": {"jobs.domain"},
    "webhook_ports": {"jobs.domain"},
    "services": {"jobs.domain", "jobs.ports", "jobs.mission_ports", "jobs.watch_ports",
                 "jobs.docs_ports", "jobs.payment_ports", "jobs.conversation_ports",
                 "jobs.webhook_ports", "jobs.services", "jobs.agents.provider"},
    "agents": {"jobs.domain", "jobs.ports", "jobs.docs_ports", "jobs.agents", "jobs.strict_json",
               "botocore.eventstream", "botocore.exceptions", "mypy_boto3_bedrock_runtime",
               "urllib3"},
    "adapters": {"jobs.domain", "jobs.ports", "jobs.mission_ports", "jobs.watch_ports",
                 "jobs.docs_ports", "jobs.payment_ports", "jobs.conversation_ports",
                 "jobs.adapters", "jobs.strict_json", "aws_lambda_powertools.metrics",
                 "botocore", "coincurve", "Crypto", "dulwich", "itsdangerous", "jwt", "urllib3",
                 "mypy_boto3_apigatewaymanagementapi", "mypy_boto3_dynamodb", "mypy_boto3_events",
                 "mypy_boto3_iot", "mypy_boto3_iot_data", "mypy_boto3_secretsmanager",
                 "mypy_boto3_sqs", "mypy_boto3_stepfunctions"},
    "dialects": {"jobs.domain", "jobs.services", "jobs.dialects", "jobs.http", "jobs.page",
                 "jobs.strict_json", "pydantic", "pydantic_core"},
    "streaming": {"jobs.domain", "jobs.ports", "jobs.docs_ports", "jobs.dialects",
                  "jobs.services", "jobs.http", "jobs.docs_bootstrap", "jobs.bootstrap",
                  "jobs.event_bootstrap", "jobs.session_bootstrap", "jobs.strict_json",
                  "jobs.streaming", "jobs.runtime", "starlette"},
    "http": {"jobs.strict_json"},
    "event_endpoint": {"jobs.bootstrap", "jobs.docs_bootstrap", "jobs.event_bootstrap",
                       "jobs.mission_bootstrap", "jobs.messaging_creation", "jobs.dialects",
                       "jobs.domain", "jobs.http"},
    "messaging_creation": {"jobs.bootstrap", "jobs.event_bootstrap", "jobs.dialects",
                           "jobs.services"},
    "openapi_endpoint": {"jobs.dialects", "jobs.http", "jobs.page", "openapi_files"},
    "page": {"jobs.http"},
    "runtime": {"jobs.http", "jobs.strict_json", "aws_lambda_powertools"},
    "messaging_endpoint": {"jobs.bootstrap", "jobs.dialects", "jobs.domain", "jobs.http",
                           "jobs.paid_endpoint", "jobs.services"},
    "paid_endpoint": {"jobs.bootstrap", "jobs.payment_bootstrap", "jobs.dialects", "jobs.domain",
                      "jobs.http", "jobs.services"},
    "docs_endpoint": {"jobs.bootstrap", "jobs.dialects", "jobs.domain", "jobs.http",
                      "jobs.runtime"},
    "missions_endpoint": {"jobs.bootstrap", "jobs.mission_bootstrap", "jobs.dialects",
                          "jobs.domain", "jobs.http", "jobs.runtime"},
}  # fmt: skip
COMPOSITION_ROOT = {
    "bootstrap",
    "docs_bootstrap",
    "event_bootstrap",
    "mission_bootstrap",
    "payment_bootstrap",
    "session_bootstrap",
    "watch_bootstrap",
}  # knows everything
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    """What a file imports, wherever in it, but for the standard library."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    named = {
        f"{'.' * n.level}{n.module or ''}.{alias.name}"
        for n in nodes
        if isinstance(n, ast.ImportFrom)
        for alias in n.names
    }
    return {name for name in plain | named if name.split(".")[0] not in sys.stdlib_module_names}


def words_of(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return {ast.unparse(n) for n in nodes if isinstance(n, ast.Name | ast.Attribute)}


def part_of(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def is_within(name: str, allowed: set[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.stem not in COMPOSITION_ROOT], ids=lambda m: m.stem
)
def test_inner_code_does_not_know_outer_code(module) -> None:
    allowed = KNOWS.get(part_of(module), set())

    assert {name for name in imports_of(module) if not is_within(name, allowed)} == set()


@pytest.mark.parametrize("sdk", ["boto3", "botocore.session"])
def test_only_the_composition_root_makes_clients(sdk) -> None:
    importers = {
        m.stem
        for m in [*MODULES, *HANDLERS]
        if any(is_within(name, {sdk}) for name in imports_of(m))
    }

    assert importers <= COMPOSITION_ROOT


def test_only_the_composition_root_reads_the_environment() -> None:
    readers = {m.stem for m in [*MODULES, *HANDLERS] if {"os.environ", "os.getenv"} & words_of(m)}

    assert readers <= COMPOSITION_ROOT


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda h: h.stem)
def test_handlers_are_thin(handler) -> None:
    nodes = ast.walk(ast.parse(handler.read_text()))
    imported = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}

    assert not {"os", "boto3", "botocore"} & imported
    assert len(handler.read_text().splitlines()) <= 40


@pytest.mark.parametrize("folder", ["functions", "layers", "local", "scripts"])
def test_a_file_past_300_lines_holds_two_things(folder) -> None:
    lengths = {
        file.relative_to(ROOT).as_posix(): len(file.read_text().splitlines())
        for file in (ROOT / folder).rglob("*.py")
    }

    assert {file: lines for file, lines in lengths.items() if lines > 300} == {}
