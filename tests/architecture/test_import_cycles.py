"""No module imports itself through others, wherever in a module the imports are."""

from graphlib import CycleError, TopologicalSorter

from tests.architecture.import_graph import find_imports, find_modules


def test_imports_have_no_cycle() -> None:
    graph = {name: find_imports(name) for name in find_modules()}

    assert len(graph) > 700
    assert find_cycle(graph) == []


def test_cycle_through_a_third_module_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}

    assert set(find_cycle(graph)) == {"a", "b", "c"}


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []
