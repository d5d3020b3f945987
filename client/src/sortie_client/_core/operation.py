"""API methods written once, as flows, for synchronous and asynchronous callers.

An API is a class of flows over a runner. With a `SyncRunner`, its methods return the result; with
an `AsyncRunner`, a coroutine or an async generator. Type checkers know both signatures.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from functools import update_wrapper, wraps
from typing import Any, Concatenate, Self, overload

from sortie_client._core.asynchronous import AsyncRunner
from sortie_client._core.flow import StreamFlow
from sortie_client._core.retry import RetryPolicy
from sortie_client._core.synchronous import SyncRunner


class Api[R]:
    def __init__(self, runner: R, retry_policy: RetryPolicy) -> None:
        self._runner = runner
        self._retry_policy = retry_policy


class operation[G, **P, T]:  # noqa: N801 - a decorator
    """Turn a flow into a method that returns the flow's result and drops its items."""

    def __init__(self, flow: Callable[Concatenate[G, P], StreamFlow[Any, T]]) -> None:
        self.flow = flow
        update_wrapper(self, flow)  # type: ignore[arg-type]

    @overload
    def __get__(self, api: None, owner: type) -> Self: ...
    @overload
    def __get__(self, api: Api[SyncRunner], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, api: Api[AsyncRunner], owner: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, api: Any, owner: type) -> Any:
        if api is None:
            return self

        @wraps(self.flow)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return api._runner.run(self.flow(api, *args, **kwargs))  # noqa: SLF001 - its base class

        return method


class stream[G, **P, E]:  # noqa: N801 - a decorator
    """Turn a flow into a method that returns an iterator over the flow's items."""

    def __init__(self, flow: Callable[Concatenate[G, P], StreamFlow[E, object]]) -> None:
        self.flow = flow
        update_wrapper(self, flow)  # type: ignore[arg-type]

    @overload
    def __get__(self, api: None, owner: type) -> Self: ...
    @overload
    def __get__(
        self, api: Api[SyncRunner], owner: type
    ) -> Callable[P, Generator[E, None, None]]: ...
    @overload
    def __get__(
        self, api: Api[AsyncRunner], owner: type
    ) -> Callable[P, AsyncGenerator[E, None]]: ...
    def __get__(self, api: Any, owner: type) -> Any:
        if api is None:
            return self

        @wraps(self.flow)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return api._runner.iterate(self.flow(api, *args, **kwargs))  # noqa: SLF001

        return method
