"""Clients that people generate from the OpenAPI documents, compiled and used.

Each generator reads every document. The clients then call the handlers over HTTP: those in Python
call each operation as its examples do, those in TypeScript create, get and list.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from jobs.admin.tenant import TENANTS
from local.kit.paths import ROOT, TOOLS
from tests.conftest import NODE, find_node, missing
from tests.generators.server import list_calls, serve
from tests.handlers.admin.conftest import TENANT as MANAGED

HERE: Final = Path(__file__).parent
FILES: Final = sorted((ROOT / "docs/openapi").glob("*.json"))
NAMES: Final = [file.stem for file in FILES]
DOCUMENTS: Final = {file.stem: json.loads(file.read_text()) for file in FILES}
PYTHON: Final = TOOLS / "generators/bin/python"
JAR: Final = "lib/python*/site-packages/openapi_generator_cli/openapi-generator.jar"
JAVA: Final = ("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Optimizing would take longer than it saves."""
TSCONFIG: Final = {
    "compilerOptions": {
        "strict": True, "target": "ES2022", "module": "ESNext", "moduleResolution": "bundler",
        "lib": ["ES2022", "DOM", "DOM.Iterable"], "types": [], "noEmitOnError": True,
        "outDir": "js", "rootDir": ".", "skipLibCheck": True,
    },
    "include": ["*/**/*.ts"],
}  # fmt: skip


def openapi_generator(folder: Path) -> list[str | Path]:
    """Configure clients in Python and TypeScript; one process makes all."""
    [jar] = (TOOLS / "generators").glob(JAR)
    for generator, more in (("python", {"packageName": "{}_client"}), ("typescript-fetch", {})):
        for name, file in zip(NAMES, FILES, strict=True):
            config = {
                "generatorName": generator,
                "inputSpec": str(file),
                "outputDir": str(folder / ("python" if more else f"fetch/{name}")),
                "additionalProperties": {key: text.format(name) for key, text in more.items()},
            }
            (folder / f"{generator}-{name}.json").write_text(json.dumps(config))
    return ["java", *JAVA, "-jar", jar, "batch", "--threads", "2",
            *sorted(folder.glob("*-*.json"))]  # fmt: skip


def openapi_python_client(folder: Path) -> list[list[str | Path]]:
    (folder / "clients").mkdir()
    return [
        [PYTHON.parent / "openapi-python-client", "generate", "--path", file, "--output-path",
         folder / "clients" / file.stem, "--meta", "none", "--fail-on-warning"]
        for file in FILES
    ]  # fmt: skip


def in_node(folder: Path) -> list[list[str | Path]]:
    """Configure openapi-typescript, orval and hey-api."""
    (folder / "node_modules").symlink_to(NODE / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    types = {
        name: {"root": str(file), "x-openapi-ts": {"output": f"types/{name}.ts"}}
        for name, file in zip(NAMES, FILES, strict=True)
    }
    (folder / "redocly.yaml").write_text(json.dumps({"apis": types}))
    orval = {
        name: {"input": str(file), "output": {"target": f"orval/{name}.ts", "client": "fetch"}}
        for name, file in zip(NAMES, FILES, strict=True)
    }
    (folder / "orval.config.mjs").write_text(f"export default {json.dumps(orval)}")
    hey = [
        {"input": str(file), "output": f"hey/{file.stem}", "plugins": [
            "@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk",
        ]}
        for file in FILES
    ]  # fmt: skip
    (folder / "hey.config.mjs").write_text(f"export default {json.dumps(hey)}")
    modules, binary = folder / "node_modules", find_node()
    return [
        [binary, modules / "openapi-typescript/bin/cli.js", "--redocly", "redocly.yaml"],
        [binary, modules / "orval/dist/bin/orval.mjs", "--config", "orval.config.mjs"],
        [binary, modules / "@hey-api/openapi-ts/bin/run.js", "-f", "hey.config.mjs"],
    ]


def run(folder: Path, *command: str | Path) -> str:
    path = f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": f"{folder}/python:{folder}"},
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-5000:]}{done.stderr[-5000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients of all generators. Java works beside the others."""
    if not (shutil.which("java") and PYTHON.exists()):
        missing("Java or the generators are missing: make .tools/generators/.ready")
    made = tmp_path_factory.mktemp("clients")
    with (made / "java.log").open("w") as log:
        java = subprocess.Popen(openapi_generator(made), cwd=made, stdout=log, stderr=log)
        for command in (*in_node(made), *openapi_python_client(made)):
            run(made, *command)
        assert java.wait() == 0, (made / "java.log").read_text()[-5000:]
    return made


@pytest.fixture
def server(invoke, everything, admin) -> Iterator[str]:
    """The URL of all handlers. A client creates the tenant of the admin API."""
    admin.registry.remove(TENANTS, MANAGED, MANAGED)
    with serve(invoke) as url:
        yield url


@pytest.mark.parametrize("generator", ["openapi_generator", "openapi_python_client"])
def test_python_client_calls_each_operation(folder, server, generator) -> None:
    calls: list[Any] = list_calls(DOCUMENTS)

    printed = run(
        folder, PYTHON, HERE / f"use/{generator}.py", json.dumps({"base": server, "calls": calls})
    )

    assert {each["document"] for each in calls} == {*NAMES}
    assert json.loads(printed) == [], "\n".join(json.loads(printed))


@pytest.fixture(scope="session")
def compiled(folder) -> Path:
    """The TypeScript clients and their uses, compiled with --strict."""
    shutil.copytree(HERE / "use", folder / "use")
    run(folder, find_node(), folder / "node_modules/typescript/bin/tsc")
    return folder / "js/use"


@pytest.mark.parametrize(
    "generator", ["typescript_fetch", "openapi_typescript", "hey_api", "orval"]
)
def test_typescript_client_creates_gets_and_lists(folder, compiled, server, generator) -> None:
    bundled = ("--import", HERE / "use/resolve.mjs")
    printed = run(folder, find_node(), *bundled, compiled / f"{generator}.js", server)

    seen = json.loads(printed)
    assert seen.pop(6)  # the new message's id
    assert seen.pop(11)  # the new session's
    assert seen == [
        "acme", "Acme", 1, "active", "https://git.example/demo/docs.git", 2, "Hello", 2,
        "PENDING", 1.5, 2, True, 2, 1,
    ]  # fmt: skip
