"""Artifacts contain all that functions import, bytecode, and nothing that only tests need."""

import importlib.util
import ssl
import subprocess
import zipfile
from pathlib import Path

import pytest

from local.cloud.artifacts import zip_folder
from local.cloud.build import LAYER_BUDGETS
from local.cloud.template import find_code_folders
from local.kit.paths import ROOT
from tests.runtime.conftest import PYTHON

OTHER_LAYERS = {  # the modules that need a layer's packages
    "PaymentsLayer": ("jobs.payments.adapters.cdp_tokens", "jobs.payments.adapters.personal_sign"),
    "DocsLayer": (
        *("jobs.docs.adapters.git", "jobs.docs.api.stream", "jobs.docs.find_end", "jobs.core.tail"),
        *("jobs.messaging.api.stream", "jobs.messaging.api.web", "jobs.messaging.follow_answer"),
        "jobs.payments.api.message_stream",
        *("jobs.kit.asgi", "jobs.sessions.api.stream"),
    ),
    "OpenapiLayer": ("jobs.openapi.endpoint",),
}
UNCHECKED_HASH = 0b01  # PEP 552
TEST_PACKAGES = ["aiohttp", "hypothesis", "moto", "mypy", "mypy_boto3_dynamodb", "pytest", "yaml"]
IMPORT = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


def import_all(names: list[str], *path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-c", IMPORT, *names],
        env={"PYTHONPATH": ":".join(map(str, path))},
        check=False,
        capture_output=True,
        text=True,
    )


def find_stale(folder: Path) -> list[str]:
    """Return the sources that each cold start would compile again."""
    found = []
    for source in folder.rglob("*.py"):
        cached = Path(importlib.util.cache_from_source(source))
        header = cached.read_bytes()[:16] if cached.exists() else b""
        fresh = header == (
            importlib.util.MAGIC_NUMBER
            + UNCHECKED_HASH.to_bytes(4, "little")
            + importlib.util.source_hash(source.read_bytes())
        )
        if not fresh:
            found.append(source.relative_to(folder).as_posix())
    return found


def list_modules(layer: Path) -> list[str]:
    return [
        ".".join(part.relative_to(layer).with_suffix("").parts).removesuffix(".__init__")
        for part in sorted((layer / "jobs").rglob("*.py"))
    ]


def test_jobs_layer_trusts_amazons_five_roots(layer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(layer / "jobs/kit/aws/amazon_roots.pem")

    names = {dict(part for [part] in root["subject"])["commonName"]
             for root in context.get_ca_certs()}  # fmt: skip
    assert names == {
        *(f"Amazon Root CA {n}" for n in range(1, 5)),
        "Starfield Services Root Certificate Authority - G2",
    }


def test_jobs_layer_has_every_package_that_its_modules_import(layer) -> None:
    others = tuple(part for parts in OTHER_LAYERS.values() for part in parts)
    modules = [name for name in list_modules(layer) if not name.startswith(others)]

    imported = import_all(modules, layer)

    assert len(modules) > 30
    assert (imported.returncode, imported.stderr) == (0, "")


@pytest.mark.parametrize(("other", "parts"), OTHER_LAYERS.items())
def test_modules_of_another_layer_need_no_further_package(layer, built, other, parts) -> None:
    modules = [name for name in list_modules(layer) if name.startswith(parts)]

    assert import_all(modules, layer, built / other / "python").stderr == ""


@pytest.mark.parametrize("part", OTHER_LAYERS["PaymentsLayer"])
def test_module_that_checks_signatures_needs_its_layer(layer, part) -> None:
    assert import_all([part], layer).returncode == 1


@pytest.mark.parametrize("package", TEST_PACKAGES)
def test_jobs_layer_has_no_test_package(layer, package) -> None:
    assert importlib.util.find_spec(package) is not None
    assert import_all([package], layer).returncode == 1
    assert [each.name for each in layer.glob(f"{package}*")] == []


@pytest.mark.parametrize(("layer", "budget"), LAYER_BUDGETS.items())
def test_layer_is_within_its_budget(built, layer, budget) -> None:
    size = sum(file.stat().st_size for file in (built / layer).rglob("*") if file.is_file())

    assert 0 < size <= budget


def test_artifacts_have_no_stale_bytecode(built) -> None:
    folders = [*(built / layer / "python" for layer in LAYER_BUDGETS), *find_code_folders(built)]

    assert {str(folder): find_stale(folder) for folder in folders} == {str(f): [] for f in folders}


def test_bytecode_survives_a_zip(layer, tmp_path) -> None:
    archive = tmp_path / "layer.zip"
    zip_folder(layer, archive)

    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "opt")

    assert len(list((tmp_path / "opt").rglob("*.pyc"))) > 300
    assert find_stale(tmp_path / "opt") == []


def test_functions_contain_only_handlers(built) -> None:
    for folder in find_code_folders(built):
        packages = {file.relative_to(folder).parts[0] for file in folder.rglob("*.py")}
        assert packages == {each.name for each in (ROOT / "functions").iterdir() if each.is_dir()}
