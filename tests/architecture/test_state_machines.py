"""State machines and the template fit together."""

import re

from tests.architecture.template import ROOT, of_type


def test_template_fills_exactly_the_placeholders_of_a_definition(resources) -> None:
    for machine in of_type(resources, "AWS::Serverless::StateMachine").values():
        definition = (ROOT / machine["DefinitionUri"]).read_text()
        filled = machine["DefinitionSubstitutions"].keys()
        assert set(re.findall(r"\$\{([^}]*)\}", definition)) == filled


def test_missions_that_are_due_together_are_checked_in_different_seconds() -> None:
    definition = (ROOT / "statemachines/mission.asl.yaml").read_text()

    wait = definition.split("  WaitForWorker:")[1].split("Next: Watch")[0]

    assert re.search(r'Seconds: "\{% 5 \+ \$floor\(\d+ \* \$random\(\)\) %\}"', wait)
