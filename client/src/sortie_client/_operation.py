"""Methods that are written once, as flows, and called in two ways.

An API is a class of flows. Mixed with `Blocking` its methods return what their flows return; mixed
with `Awaiting`, they return it to whoever awaits. Type checkers see both.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from functools import update_wrapper, wraps
from typing import Any, Concatenate, Protocol, Self, overload

from sortie_client._flow import Giving


class BlockingPlayer(Protocol):
    def run[T](self, flow: Giving[Any, T]) -> T: ...
    def play[E](self, flow: Giving[E, object]) -> Generator[E]: ...


class AwaitingPlayer(Protocol):
    async def run[T](self, flow: Giving[Any, T]) -> T: ...
    def play[E](self, flow: Giving[E, object]) -> AsyncGenerator[E]: ...


class Blocking:
    _player: BlockingPlayer


class Awaiting:
    _player: AwaitingPlayer


class operation[G, **P, T]:  # noqa: N801 - a decorator
    """Make a method of a flow: it returns what the flow does, and nothing of what that gives."""

    def __init__(self, flow: Callable[Concatenate[G, P], Giving[Any, T]]) -> None:
        self.flow = flow
        update_wrapper(self, flow)  # type: ignore[arg-type]

    @overload
    def __get__(self, api: None, owner: type) -> Self: ...
    @overload
    def __get__(self, api: Blocking, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, api: Awaiting, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, api: Any, owner: type) -> Any:
        if api is None:
            return self

        @wraps(self.flow)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return api._player.run(self.flow(api, *args, **kwargs))  # noqa: SLF001 - of its mixin

        return method


class stream[G, **P, E]:  # noqa: N801 - a decorator
    """Make a method of a flow: an iterator over what it gives, to be closed if left early."""

    def __init__(self, flow: Callable[Concatenate[G, P], Giving[E, object]]) -> None:
        self.flow = flow
        update_wrapper(self, flow)  # type: ignore[arg-type]

    @overload
    def __get__(self, api: None, owner: type) -> Self: ...
    @overload
    def __get__(self, api: Blocking, owner: type) -> Callable[P, Generator[E]]: ...
    @overload
    def __get__(self, api: Awaiting, owner: type) -> Callable[P, AsyncGenerator[E]]: ...
    def __get__(self, api: Any, owner: type) -> Any:
        if api is None:
            return self

        @wraps(self.flow)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return api._player.play(self.flow(api, *args, **kwargs))  # noqa: SLF001 - of its mixin

        return method
