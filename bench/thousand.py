"""Price 1,000 jobs of each kind from the usage that the other sections have measured."""

from collections.abc import Iterable
from typing import Final

from bench.report import Row, Section

NOTES: Final = """\
List prices of us-east-1, including the costs outside the sums above: logs, traces, data transfer
and AWS IoT Jobs. Free tiers, storage, cold starts and the models' prices are excluded.
"""


def build_section(measured: Iterable[Section]) -> Section | None:
    """Return None if no measured section has a price."""
    rows = [
        Row(name=name, value=dollars, unit="$")
        for each in measured
        for name, dollars in each.thousand.items()
    ]
    return Section(title="1,000 jobs", rows=rows, notes=NOTES) if rows else None
