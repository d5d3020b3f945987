"""State machines and the template fit together."""

import re
from typing import Final

from tests.architecture.template import ROOT, of_type

PREVIOUS: Final = {"JobPoll"}
"""Machines that only executions of the previous version use."""


def test_template_fills_exactly_the_placeholders_of_a_definition(resources) -> None:
    for machine in of_type(resources, "AWS::Serverless::StateMachine").values():
        definition = (ROOT / machine["DefinitionUri"]).read_text()
        filled = machine["DefinitionSubstitutions"].keys()
        assert set(re.findall(r"\$\{([^}]*)\}", definition)) == filled


def test_timers_that_end_together_start_no_functions(resources) -> None:
    """They send messages to queues, whose workers have a concurrency of their own."""
    machines = of_type(resources, "AWS::Serverless::StateMachine")

    for name in machines.keys() - PREVIOUS:
        definition = (ROOT / machines[name]["DefinitionUri"]).read_text()
        assert set(re.findall(r"arn:.*:states:::(.*)", definition)) == {"sqs:sendMessage"}
        assert definition.count("MessageGroupId:") == definition.count("QueueUrl:")


def test_execution_ends_without_a_timeout(resources) -> None:
    """So it has an alarm on its failures alone."""
    for machine in of_type(resources, "AWS::Serverless::StateMachine").values():
        assert "TimeoutSeconds" not in (ROOT / machine["DefinitionUri"]).read_text()
