"""Resolve the names in a module and in a function."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

type Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    name: str


@dataclass(frozen=True)
class Definition:
    """A function, a class, a type's name, or a value with a name. `owner` is a method's class."""

    module: str
    node: Function | ast.ClassDef | ast.TypeAlias | ast.expr
    owner: ast.ClassDef | None = None


@dataclass(frozen=True)
class Instance:
    of: Definition


@dataclass(frozen=True)
class Returning:
    """A callable of which only the result is known."""

    result: "Things"


@dataclass(frozen=True)
class Imported:
    module: str
    name: str


@dataclass(frozen=True)
class Local:
    """A variable of a function, or a parameter."""

    value: ast.expr | None = None
    annotation: ast.expr | None = None


type Thing = Module | Definition | Instance | Returning
type Things = frozenset[Thing]
type Names = dict[str, list[Thing | Imported | Local]]


def names_of_module(module: str, tree: ast.Module) -> Names:
    names: Names = {}
    pending: list[ast.stmt] = [*tree.body]
    while pending:
        match pending.pop():
            case ast.If(body=body, orelse=orelse):
                pending += [*body, *orelse]
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) as node:
                names.setdefault(name, []).append(Definition(module, node))
            case ast.AsyncFunctionDef(name=name) | ast.TypeAlias(name=ast.Name(id=name)) as node:
                names.setdefault(name, []).append(Definition(module, node))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value):
                names.setdefault(name, []).append(Definition(module, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                names.setdefault(name, []).append(Definition(module, value))
            case ast.Import() | ast.ImportFrom() as node:
                for name, imported in imports(node):
                    names.setdefault(name, []).append(imported)
    return names


@cache
def names_of_function(function: Definition) -> Names:
    """Resolve the names in a function and its inner functions."""
    names: Names = {}
    assert isinstance(function.node, FUNCTION)
    if function.owner and (arguments := function.node.args.args):
        names[arguments[0].arg] = [Instance(Definition(function.module, function.owner))]
    for node in ast.walk(function.node):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                names.setdefault(name, []).append(Local(annotation=annotation))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names.setdefault(name, []).append(Local(value))
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                names.setdefault(name, []).append(Local(value))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                names.setdefault(name, []).append(Local(value, annotation))
            case ast.Import() | ast.ImportFrom():
                for name, imported in imports(node):
                    names.setdefault(name, []).append(imported)
    return names


def imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Module | Imported]]:
    for each in node.names:
        if isinstance(node, ast.Import):
            yield each.asname or each.name, Module(each.name)
        else:
            yield each.asname or each.name, Imported(node.module or "", each.name)
