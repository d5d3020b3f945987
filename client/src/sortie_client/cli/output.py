"""What is shown: results on the standard output, all else on the standard error.

On a terminal it is made for people, elsewhere for programs: lines, tabs between the columns.
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

from sortie_client.cli.failures import INTERRUPTED

AsJson = Annotated[bool, typer.Option("--json", help="Print what the server said, as JSON.")]
_COLOURS: Final = {
    "completed": "green", "active": "yellow", "processing": "yellow", "in_progress": "yellow",
    "inprogress": "yellow", "failed": "red", "timeout": "red", "cancelled": "red",
}  # fmt: skip
_MINUTE_S: Final = 60
_CONTROL: Final = {*range(32), *range(127, 160)} - {ord("\n"), ord("\t")}
_SAFE: Final = dict.fromkeys(_CONTROL, "\N{REPLACEMENT CHARACTER}")


def printable(text: str) -> str:
    """Make a text harmless to a terminal: others may have written it, to move its cursor say."""
    return text.translate(_SAFE)


def say(text: str, *, end: str = "\n") -> None:
    """Print a result: to programs as it is."""
    sys.stdout.write((printable(text) if sys.stdout.isatty() else text) + end)
    sys.stdout.flush()


def note(text: str) -> None:
    """Tell people something beside the result."""
    Console(stderr=True, highlight=False).print(Text(printable(text)), style="dim", soft_wrap=True)


def complain(text: str) -> None:
    Console(stderr=True, highlight=False).print(Text(printable(text)), style="red", soft_wrap=True)


def say_json(said: Mapping[str, Any] | Sequence[Any], *, line: bool = False) -> None:
    """Print JSON; as one `line` where more will follow."""
    say(json.dumps(said, ensure_ascii=False, indent=None if line else 2))


def status(word: str) -> Text:
    return Text(word, style=_COLOURS.get(word.lower(), ""))


def moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def table(headings: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """Print a line for each row; its last column is cut where the terminal ends."""
    if not sys.stdout.isatty():
        _say_rows(rows)
        return
    shown = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    for heading in headings[:-1]:
        shown.add_column(heading, no_wrap=True)
    shown.add_column(headings[-1], no_wrap=True, overflow="ellipsis", ratio=1)
    for row in rows:
        shown.add_row(*(it if isinstance(it, Text) else printable(_one_line(it)) for it in row))
    Console(markup=False, highlight=False).print(shown)


def details(facts: Sequence[tuple[str, str | Text]]) -> None:
    """Print names and values, on a terminal as long as they are."""
    if not sys.stdout.isatty():
        _say_rows(facts)
        return
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim")
    for name, value in facts:
        shown.add_row(name, value if isinstance(value, Text) else printable(value))
    Console(markup=False, highlight=False).print(shown)


def _say_rows(rows: Sequence[Sequence[str | Text]]) -> None:
    for row in rows:
        say("\t".join(_one_line(str(cell)) for cell in row))


def _one_line(text: str) -> str:
    return " ".join(text.split())


@contextmanager
def waiting(for_what: str) -> Iterator[Callable[[str], None]]:
    """Show that something is waited for, on a terminal only; tell what it looks like now."""
    console = Console(stderr=True, highlight=False)
    columns = (
        SpinnerColumn(style="cyan"),
        TextColumn("{task.description}", markup=False),
        _Elapsed(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(for_what, total=None)

        def tell(text: str) -> None:
            progress.update(task, description=f"{for_what}: {printable(text)}")

        yield tell


class _Elapsed(ProgressColumn):
    @override
    def render(self, task: Task) -> Text:
        return elapsed(task.elapsed or 0)


def elapsed(seconds: float) -> Text:
    """From a second on: what is quick needs no clock."""
    whole = int(seconds)
    shown = (
        f"{whole} s" if whole < _MINUTE_S else f"{whole // _MINUTE_S}:{whole % _MINUTE_S:02} min"
    )
    return Text(shown if whole else "", style="dim")


@contextmanager
def goes_on(hint: str) -> Iterator[None]:
    """When watching is interrupted, say that what was watched goes on, and how to return."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"It goes on; {hint}")
        raise typer.Exit(INTERRUPTED) from None
