"""An in-memory checkout with the real path checks, and a scripted model."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jobs.docs.adapters.git.paths import check_path, is_below
from jobs.docs.ports import ToolCall, Turn


class MemoryCheckout:
    default_branch = "main"

    def __init__(self, files: dict[str, bytes], folder: str = "docs") -> None:
        self.contents = dict(files)
        self._before = dict(files)
        self._folder = folder

    def files(self, folder: str = "") -> Iterator[str]:
        top = folder.strip("/") or self._folder
        if top != self._folder:
            check_path(top, self._folder)
        return (path for path in sorted(self.contents) if is_below(path, top))

    def read(self, path: str) -> bytes:
        if check_path(path, self._folder) not in self.contents:
            raise FileNotFoundError(path)
        return self.contents[path]

    def read_anywhere(self, path: str) -> bytes:
        if check_path(path, "") not in self.contents:
            raise FileNotFoundError(path)
        return self.contents[path]

    def write(self, path: str, content: bytes) -> None:
        self.contents[check_path(path, self._folder)] = content

    def delete(self, path: str) -> None:
        self.read(path)
        del self.contents[path]

    def changed(self) -> bool:
        return self.contents != self._before

    def exists(self) -> bool:
        return False

    def push(self, message: str) -> str:
        raise AssertionError


class Model:
    """Returns its turns in order, and repeats the last one."""

    def __init__(self, *turns: Turn | Exception) -> None:
        self._turns = turns
        self.contexts: list[list[Any]] = []

    def turn(
        self,
        messages: Sequence[Any],
        tools: Sequence[Any],
        *,
        emit_text: Callable[[str], None],
        deadline: int,
    ) -> Turn:
        turn = self._turns[min(len(self.contexts), len(self._turns) - 1)]
        self.contexts.append([*messages])
        if isinstance(turn, Exception):
            raise turn
        for word in turn.text.split(" "):
            emit_text(word)
        return turn


def calls(*made: tuple[str, Any], text: str = "") -> Turn:
    numbered = [ToolCall(id=f"c{n}", name=name, args=args) for n, (name, args) in enumerate(made)]
    return Turn(text=text, calls=numbered, reason="tool-calls", tokens_in=10, tokens_out=2)


def text_turn(text: str) -> Turn:
    return Turn(text=text, calls=[], reason="stop", tokens_in=10, tokens_out=2)
