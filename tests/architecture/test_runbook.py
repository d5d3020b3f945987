"""The runbook knows every alarm, and what the bench has measured."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs/runbook.md"


def test_every_alarm_has_a_section_of_the_runbook_and_every_section_an_alarm(alarms) -> None:
    _, _, part = RUNBOOK.read_text().partition("\n## Alarms\n")
    sections = re.findall(r"^### (\w+)$", part, re.MULTILINE)

    assert sorted(sections) == sorted(alarms)


def test_every_alarm_says_where_its_section_is(alarms) -> None:
    for name, alarm in alarms.items():
        assert alarm["AlarmDescription"].endswith(f" docs/runbook.md#{name.lower()}"), name


def test_every_section_says_what_it_means_and_what_to_do() -> None:
    _, _, part = RUNBOOK.read_text().partition("\n## Alarms\n")
    part, _, _ = part.partition("\n## ")
    for section in part.split("\n### ")[1:]:
        name, _, text = section.partition("\n")
        assert "**Means:**" in text, name
        assert "**Do:**" in text, name


def test_what_1000_jobs_cost_is_what_the_bench_says() -> None:
    measured = re.findall(
        r"^(\S.*?) {2,}([\d.,]+) \$$",
        (ROOT / "docs/bench.md").read_text().partition("\n1,000 jobs ")[2].partition("```")[0],
        re.MULTILINE,
    )
    _, _, part = RUNBOOK.read_text().partition("\n## What 1,000 jobs cost\n")
    said = re.findall(r"^\| (.*?) \| \*\*(.*?)\*\* \|", part, re.MULTILINE)

    assert measured
    assert said == measured
