"""What 1,000 jobs of each kind come to, from the sections that measured what they use."""

from collections.abc import Iterable
from typing import Final

from bench.report import Row, Section

NOTES: Final = """\
List prices in us-east-1, with what stands beside the sums above: logs, traces, data transfer, and
AWS IoT Jobs. Free tiers, storage, cold starts and what models charge are left out.
"""


def section(measured: Iterable[Section]) -> Section | None:
    """None if nothing measured has a price."""
    rows = [
        Row(what=what, value=dollars, unit="$")
        for each in measured
        for what, dollars in each.thousand.items()
    ]
    return Section(title="1,000 jobs", rows=rows, notes=NOTES) if rows else None
