"""The function `startswith` of AWS IoT's SQL, which MiniStack does not have."""

from typing import Any

from ministack.services import iot  # type: ignore[import-not-found]

_ARGUMENTS = 2


def add_functions() -> None:
    evaluate = iot._eval_select_function

    def evaluate_more(name: str, arguments: list[str], *about: Any) -> Any:
        if name != "startswith" or len(arguments) != _ARGUMENTS:
            return evaluate(name, arguments, *about)
        text, prefix = (iot._eval_select_expr(each.strip(), *about) for each in arguments)
        if isinstance(text, str) and isinstance(prefix, str):
            return text.startswith(prefix)
        return iot._MISSING

    iot._eval_select_function = evaluate_more
