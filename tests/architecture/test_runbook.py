"""The runbook explains every alarm, and repeats the costs of the benchmark."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs/runbook.md"


def test_runbook_has_exactly_one_section_per_alarm(alarms) -> None:
    _, _, part = RUNBOOK.read_text().partition("\n## Alarms\n")
    sections = re.findall(r"^### (\w+)$", part, re.MULTILINE)

    assert sorted(sections) == sorted(alarms)


def test_alarm_text_ends_with_the_link_to_its_section(alarms) -> None:
    for name, alarm in alarms.items():
        assert alarm["AlarmDescription"].endswith(f" docs/runbook.md#{name.lower()}"), name


def test_runbook_section_has_a_meaning_and_an_action() -> None:
    _, _, part = RUNBOOK.read_text().partition("\n## Alarms\n")
    part, _, _ = part.partition("\n## ")
    for section in part.split("\n### ")[1:]:
        name, _, text = section.partition("\n")
        assert "**Means:**" in text, name
        assert "**Do:**" in text, name


def test_runbook_costs_equal_those_of_the_benchmark() -> None:
    measured = re.findall(
        r"^(\S.*?) {2,}([\d.,]+) \$$",
        (ROOT / "docs/reference/bench.md")
        .read_text()
        .partition("\n## 1,000 jobs\n")[2]
        .split("```")[1],
        re.MULTILINE,
    )
    _, _, part = RUNBOOK.read_text().partition("\n## Cost of 1,000 jobs\n")
    documented = re.findall(r"^\| (.*?) \| \*\*(.*?)\*\* \|", part, re.MULTILINE)

    assert measured
    assert documented == measured
