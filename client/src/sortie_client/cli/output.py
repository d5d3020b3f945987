"""Output: results to standard output, everything else to standard error.

A terminal gets tables and colours. Anything else gets lines with columns separated by tabs.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final, override

import typer
from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from sortie_client.cli.errors import INTERRUPTED

AsJson = Annotated[bool, typer.Option("--json", help="Print the server's response as JSON.")]
_COLOURS: Final = {
    "completed": "green", "active": "yellow", "processing": "yellow", "in_progress": "yellow",
    "inprogress": "yellow", "failed": "red", "timeout": "red", "cancelled": "red",
}  # fmt: skip
_MINUTE_S: Final = 60
_CONTROL: Final = {*range(32), *range(127, 160)} - {ord("\n"), ord("\t")}
_INVISIBLE: Final = {
    *(0xAD, 0x61C, 0x180E, 0xFEFF),
    *range(0x200B, 0x2010),  # zero width, and the direction of text
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xE0000, 0xE0080),  # tags
}
_SAFE: Final = dict.fromkeys(_CONTROL | _INVISIBLE, "\N{REPLACEMENT CHARACTER}")


def printable(text: str) -> str:
    """Replace control and invisible characters.

    Text from others must not control the terminal, nor look like other text.
    """
    return text.translate(_SAFE)


def print_result(text: str, *, end: str = "\n") -> None:
    """Print to standard output; unchanged unless that is a terminal."""
    sys.stdout.write((printable(text) if sys.stdout.isatty() else text) + end)
    sys.stdout.flush()


def print_note(text: str) -> None:
    Console(stderr=True, highlight=False).print(Text(printable(text)), style="dim", soft_wrap=True)


def print_error(text: str) -> None:
    Console(stderr=True, highlight=False).print(Text(printable(text)), style="red", soft_wrap=True)


def print_json(value: Mapping[str, Any] | Sequence[Any], *, line: bool = False) -> None:
    """Print JSON, on one `line` if it is one of many."""
    print_result(json.dumps(value, ensure_ascii=False, indent=None if line else 2))


def coloured(status: str) -> Text:
    return Text(printable(status), style=_COLOURS.get(status.lower(), ""))


def format_time(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """Print one line per row; a terminal gets headings, and a truncated last column."""
    if not sys.stdout.isatty():
        _print_rows(rows)
        return
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    for heading in headings[:-1]:
        table.add_column(heading, no_wrap=True)
    table.add_column(headings[-1], no_wrap=True, overflow="ellipsis", ratio=1)
    for row in rows:
        table.add_row(*(it if isinstance(it, Text) else printable(_one_line(it)) for it in row))
    Console(markup=False, highlight=False).print(table)


def print_fields(fields: Sequence[tuple[str, str | Text]]) -> None:
    """Print names and values; a terminal gets the values in full."""
    if not sys.stdout.isatty():
        _print_rows(fields)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    for name, value in fields:
        table.add_row(name, value if isinstance(value, Text) else printable(value))
    Console(markup=False, highlight=False).print(table)


def _print_rows(rows: Sequence[Sequence[str | Text]]) -> None:
    for row in rows:
        print_result("\t".join(_one_line(str(cell)) for cell in row))


def _one_line(text: str) -> str:
    return " ".join(text.split())


@contextmanager
def spinner(label: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on a terminal; yield a function that sets the status after its label."""
    console = Console(stderr=True, highlight=False)
    columns = (
        SpinnerColumn(style="cyan"),
        TextColumn("{task.description}", markup=False),
        _Elapsed(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(label, total=None)

        def set_status(text: str) -> None:
            progress.update(task, description=f"{label}: {printable(text)}")

        yield set_status


class _Elapsed(ProgressColumn):
    @override
    def render(self, task: Task) -> Text:
        return format_elapsed(task.elapsed or 0)


def format_elapsed(seconds: float) -> Text:
    """Return an empty text below one second."""
    whole = int(seconds)
    text = f"{whole} s" if whole < _MINUTE_S else f"{whole // _MINUTE_S}:{whole % _MINUTE_S:02} min"
    return Text(text if whole else "", style="dim")


@contextmanager
def interruptible(command: str) -> Iterator[None]:
    """On Ctrl-C, say that the job continues and which command follows it."""
    try:
        yield
    except KeyboardInterrupt:
        print_note(f"The job continues. To follow it: {command}")
        raise typer.Exit(INTERRUPTED) from None
