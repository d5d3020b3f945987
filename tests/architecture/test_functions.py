"""The template's functions match the files in functions/ and events/."""

import os
import re

from jobs.kit.aws.call_policy import NORMAL
from tests.architecture.template import ROOT, event_file

UNPREFIXED = {"auth", "workers"}


def test_handler_file_is_deployed_exactly_once(python_functions, handlers) -> None:
    deployed = [
        each["Handler"].removesuffix(".lambda_handler").replace(".", "/")
        for each in python_functions.values()
    ]

    assert sorted(deployed) == sorted(handlers)


def test_web_server_script_is_deployed_and_executable(functions) -> None:
    scripts = [ROOT / "functions" / each["Handler"] for each in functions.values()]
    servers = [script for script in scripts if script.suffix == ".sh"]

    assert sorted(servers) == sorted((ROOT / "functions").rglob("*.sh"))
    assert [script for script in servers if not os.access(script, os.X_OK)] == []


def test_logical_id_follows_from_the_handler_file(functions) -> None:
    wrong = {}
    for name, properties in functions.items():
        package, module, *_ = re.split(r"[./]", properties["Handler"])
        words = module.split("_") if package in UNPREFIXED else f"{package}_{module}".split("_")
        wanted = "".join(word.capitalize() for word in words) + "Function"
        if name != wanted:
            wrong[name] = wanted

    assert wrong == {}


def test_function_has_an_example_event_and_event_a_function(functions) -> None:
    assert set((ROOT / "events").rglob("*.json")) == set(map(event_file, functions.values()))


def test_function_outlasts_an_aws_call_without_an_answer(functions, template) -> None:
    longest = NORMAL.attempts * NORMAL.read_s

    for name, properties in functions.items():
        assert properties.get("Timeout", template["Globals"]["Function"]["Timeout"]) > longest, name
