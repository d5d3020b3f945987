"""Report figures and budgets as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

MARKS = {True: "✓", False: "✗", None: ""}
HEADINGS = ("", "measured", "budget", "", "details")
WIDTH = 96
MIN_FIXED_POINT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `budget` is its maximum; a figure for information has none."""

    name: str
    value: float
    unit: str = ""
    budget: float | None = None
    details: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    failed: bool = False
    """Nothing was measured: the figure is within no budget."""

    @property
    def within(self) -> bool | None:
        return None if self.budget is None else not self.failed and self.value <= self.budget

    @property
    def remarks(self) -> str:
        parts = [f"{format_figure(value)} {unit}" for unit, value in self.details.items()]
        return ", ".join([*parts, *filter(None, [self.note])])

    def cells(self) -> tuple[str, ...]:
        budget = "" if self.budget is None else f"{format_figure(self.budget)} {self.unit}"
        measured = f"{format_figure(self.value)} {self.unit}"
        return (self.name, measured.strip(), budget.strip(), MARKS[self.within], self.remarks)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "budget": self.budget,
            "within": self.within,
            "details": dict(self.details),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    rows: Sequence[Row]
    notes: str
    """Paragraphs, separated by empty lines."""
    thousand: Mapping[str, float] = field(default_factory=dict)
    """Dollars per 1,000 jobs, by kind of job, extras included."""

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "rows": [row.to_json() for row in self.rows],
            "notes": [" ".join(each.split()) for each in self.notes.split("\n\n")],
        }


def format_figure(value: float) -> str:
    """Format with three significant digits."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) < MIN_FIXED_POINT:
        return f"{value:.2g}"
    digits = next((n for n, minimum in ((0, 100), (1, 10), (2, 0)) if abs(value) >= minimum), 2)
    return f"{value:,.{digits}f}"


def format_table(sections: Sequence[Section]) -> str:
    """Format all sections with the same column widths."""
    lines = [row.cells() for section in sections for row in section.rows]
    titles = [(section.title, *HEADINGS[1:]) for section in sections]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *titles, *lines, strict=True)]
    return "\n\n".join(_section(section, widths) for section in sections)


def _section(section: Section, widths: Sequence[int]) -> str:
    head = _line((section.title, *HEADINGS[1:]), widths)
    rule = "─" * sum(widths[:4], start=6)
    lines = [_line(row.cells(), widths) for row in section.rows]
    notes = [_note(paragraph) for paragraph in section.notes.split("\n\n")]
    return "\n".join([head, rule, *lines, *notes])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, measured, budget, mark, remarks = cells
    fields = (
        name.ljust(widths[0]),
        measured.rjust(widths[1]),
        budget.rjust(widths[2]),
        mark.ljust(widths[3]),
        remarks,
    )
    return "  ".join(fields).rstrip()


def _note(paragraph: str) -> str:
    return fill(paragraph.strip(), WIDTH, initial_indent="  ", subsequent_indent="  ")
