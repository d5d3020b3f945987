"""Find the environment variables that a function's code may read, in its source.

The search starts at a handler's module. It follows every function that the code names, and every
function that those name in turn. It follows a class as a whole, except a wiring or a kind of job:
there it follows the members that the code asks for. So it finds a variable too many rather than one
too few.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture.names import (
    FUNCTION,
    Definition,
    Function,
    Imported,
    Instance,
    Local,
    Module,
    Returning,
    Thing,
    Things,
    names_of_function,
    names_of_module,
)

FOLLOWED_BY_MEMBER = ("Wiring", "Kind")
"""How the names of these classes end."""

NOTHING: Things = frozenset()
NO_CODE = ast.Constant(None)


class Source:
    """The modules below these folders."""

    def __init__(self, *roots: Path) -> None:
        trees = {
            ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"):
            ast.parse(file.read_text())
            for root in roots for file in sorted(root.rglob("*.py"))
        }  # fmt: skip
        self._names = {name: names_of_module(name, tree) for name, tree in trees.items()}
        self._uses: dict[Definition, tuple[set[str], set[Definition]]] = {}
        self._under_way: set[tuple[ast.AST, Definition]] = set()

    def variables(self, module: str) -> set[str]:
        """Return the variables that a module's code may read, with everything that it uses."""
        named = [each for some in self._names[module].values() for each in some]
        pending = {each for each in named if isinstance(each, Definition)}
        read, seen = set[str](), set[Definition]()
        while pending:
            definition = pending.pop()
            seen.add(definition)
            if definition not in self._uses:
                self._uses[definition] = self._used_by(definition)
            variables, others = self._uses[definition]
            read |= variables
            pending |= others - seen
        return read

    def _used_by(self, definition: Definition) -> tuple[set[str], set[Definition]]:
        """Return the variables that a definition reads, and the definitions that it names."""
        read, named = set[str](), set[Definition]()
        for each in own_nodes(definition.node):
            if isinstance(each, FUNCTION) and isinstance(definition.node, ast.ClassDef):
                named.add(Definition(definition.module, each, definition.node))
            elif isinstance(each, ast.Subscript) and ast.unparse(each.value) == "os.environ":
                read.add(ast.literal_eval(each.slice))
            elif isinstance(each, ast.Name | ast.Attribute):
                things = self._resolve(each, definition)
                named |= {thing for thing in things if isinstance(thing, Definition)}
        return read, named

    # ── Values of expressions ──────────────────────────────────────────────

    def _resolve(self, node: ast.expr, scope: Definition) -> Things:
        if (node, scope) in self._under_way:
            return NOTHING
        self._under_way.add((node, scope))
        found = NOTHING
        match node:
            case ast.Name(id=name):
                found = self._named(name, scope)
            case ast.Attribute(value=value, attr=name):
                found = union(self._member(it, name) for it in self._resolve(value, scope))
            case ast.Call(func=ast.Name(id="super")) if scope.owner:
                bases = union(self._resolve(base, scope) for base in scope.owner.bases)
                found = union(map(self._result, bases))
            case ast.Call(func=function):
                found = union(map(self._result, self._resolve(function, scope)))
            case ast.IfExp(body=one, orelse=other):
                found = self._resolve(one, scope) | self._resolve(other, scope)
            case ast.BoolOp(values=values):
                found = union(self._resolve(value, scope) for value in values)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                found = self._resolve(value, scope)
        self._under_way.discard((node, scope))
        return found

    def _named(self, name: str, scope: Definition) -> Things:
        here = names_of_function(scope) if isinstance(scope.node, FUNCTION) else {}
        return union(
            self._bound(each, scope)
            for each in here.get(name) or self._names[scope.module].get(name, [])
        )

    def _bound(self, binding: Thing | Imported | Local, scope: Definition) -> Things:
        match binding:
            case Imported(module, name) if f"{module}.{name}" in self._names:
                return frozenset({Module(f"{module}.{name}")})
            case Imported(module, name):
                return self._member(Module(module), name)
            case Local(value, annotation):
                typed = self._typed(annotation, scope) if annotation else NOTHING
                return typed or (self._resolve(value, scope) if value else NOTHING)
            case Definition(_, ast.expr() as value):
                return frozenset({binding}) | self._resolve(value, binding)
            case _:
                return frozenset({binding})

    def _member(self, thing: Thing, name: str) -> Things:
        match thing:
            case Module(module) if f"{module}.{name}" in self._names:
                return frozenset({Module(f"{module}.{name}")})
            case Module(module):
                found = self._names.get(module, {}).get(name, [])
                return union(self._bound(each, Definition(module, NO_CODE)) for each in found)
            case Instance(of) | (Definition(_, ast.ClassDef()) as of):
                return self._member_of_class(of, name)
            case _:
                return NOTHING

    def _member_of_class(self, of: Definition, name: str) -> Things:
        assert isinstance(of.node, ast.ClassDef)
        methods = {each.name: each for each in of.node.body if isinstance(each, FUNCTION)}
        if name in methods:
            method = Definition(of.module, methods[name], of.node)
            result = self._result(method) if is_property(methods[name]) else NOTHING
            return frozenset({method}) | result
        for each in of.node.body:
            if isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == name:
                return self._typed(each.annotation, of)
        if "__init__" in methods:
            start = Definition(of.module, methods["__init__"], of.node)
            for statement in ast.walk(start.node):
                match statement:
                    case ast.AnnAssign() if ast.unparse(statement.target) == f"self.{name}":
                        return self._typed(statement.annotation, start)
                    case ast.Assign() if ast.unparse(statement.targets[0]) == f"self.{name}":
                        return self._resolve(statement.value, start)
        bases = union(self._resolve(base, of) for base in of.node.bases)
        return union(self._member(base, name) for base in bases)

    def _result(self, thing: Thing) -> Things:
        match thing:
            case Definition(_, ast.ClassDef()):
                return frozenset({Instance(thing)})
            case Definition(_, ast.FunctionDef(returns=it) | ast.AsyncFunctionDef(returns=it)):
                return self._typed(it, thing) if it else NOTHING
            case Instance():
                return union(map(self._result, self._member(thing, "__call__")))
            case Returning(result):
                return result
            case _:
                return NOTHING

    def _typed(self, annotation: ast.expr, scope: Definition) -> Things:
        """Return the definitions that an annotation refers to."""
        match annotation:
            case ast.Constant(value=str() as text):
                return self._typed(ast.parse(text, mode="eval").body, scope)
            case ast.BinOp(left=left, right=right):
                return self._typed(left, scope) | self._typed(right, scope)
            case ast.Subscript(value=ast.Name(id="Callable"), slice=ast.Tuple(elts=[_, result])):
                return frozenset({Returning(self._typed(result, scope))})
            case ast.Subscript(value=ast.Name(id="Final"), slice=inner):
                return self._typed(inner, scope)
            case ast.Name() | ast.Attribute():
                return union(map(self._valued, self._resolve(annotation, scope)))
            case _:
                return NOTHING

    def _valued(self, kind: Thing) -> Things:
        match kind:
            case Definition(_, ast.TypeAlias(value=value)):
                return self._typed(value, kind)
            case Definition(_, ast.ClassDef() as node) if is_protocol(node):
                return frozenset({Instance(kind), *self._implementing(node)})
            case Definition(_, ast.ClassDef()):
                return frozenset({Instance(kind)})
            case _:
                return NOTHING

    def _implementing(self, protocol: ast.ClassDef) -> Iterator[Instance]:
        """Yield the kinds of job, whose protocol is `Kind`. Other protocols are not followed."""
        definitions = (
            it for names in self._names.values() for some in names.values() for it in some
        )
        for each in definitions:
            if (
                isinstance(each, Definition)
                and isinstance(each.node, ast.ClassDef)
                and each.node is not protocol
                and each.node.name.endswith(protocol.name)
                and protocol.name.endswith(FOLLOWED_BY_MEMBER)
            ):
                yield Instance(each)


# ── Nodes ───────────────────────────────────────────────────────────────────────


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a definition; of a class, without the bodies of its methods."""
    if isinstance(node, ast.TypeAlias):
        return
    if not isinstance(node, ast.ClassDef):
        yield from ast.walk(node)
        return
    followed = node.name.endswith(FOLLOWED_BY_MEMBER)
    for each in [*node.decorator_list, *node.bases, *node.body]:
        if not isinstance(each, FUNCTION):
            yield from ast.walk(each)
        elif not followed or each.name == "__init__":
            yield each


def is_property(function: Function) -> bool:
    return any(ast.unparse(each).endswith("property") for each in function.decorator_list)


def is_protocol(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).startswith("Protocol") for base in node.bases)


def union(some: Iterable[Things]) -> Things:
    return frozenset().union(*some)
