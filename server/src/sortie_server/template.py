"""What the server takes from template.yaml, as plain data: `template.json` in this package.

`scripts/server_template.py` makes the file. A value `{"Ref": name}` stands for a parameter's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Self

type Value = str | Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`handler` is a function's module, such as `messaging.get_job`, or an ASGI app."""

    method: str
    path: str
    handler: str
    authorizer: Value | None

    @property
    def is_app(self) -> bool:
        return ":" in self.handler


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerRule:
    """The header of a credential, and the pattern that it has before anybody looks at it.

    Without a header, the function decides on each request.
    """

    handler: str
    header: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayResponse:
    """An answer of the gateway itself. `body` has `$context` variables."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRule:
    """How a queue delivers. Without a dead letter queue, it delivers until the retention ends."""

    visibility_s: int
    retention_s: int
    max_receives: int | None = None
    dead_letters: str | None = None
    concurrency: int | Mapping[str, str] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRule:
    """What CloudFormation checks of a parameter's value."""

    is_number: bool = False
    min_value: int | None = None
    max_value: int | None = None
    allowed: Sequence[str] = ()
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    routes: Sequence[Route]
    authorizers: Mapping[str, AuthorizerRule]
    responses: Mapping[str, GatewayResponse]
    cors: Mapping[str, str]
    queues: Mapping[str, QueueRule]
    parameters: Mapping[str, str]
    """The parameters' default values."""
    rules: Mapping[str, ParameterRule]
    """What their values must be."""
    settings: Mapping[str, Value]
    """The functions' environment variables that are a parameter or a queue."""

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        return cls(
            routes=[Route(**each) for each in content["routes"]],
            authorizers={k: AuthorizerRule(**v) for k, v in content["authorizers"].items()},
            responses={k: GatewayResponse(**v) for k, v in content["responses"].items()},
            cors=content["cors"],
            queues={k: QueueRule(**v) for k, v in content["queues"].items()},
            parameters=content["parameters"],
            rules={k: ParameterRule(**v) for k, v in content["rules"].items()},
            settings=content["settings"],
        )

    @classmethod
    def load(cls) -> Self:
        """Read the file of this package."""
        return cls.parse(
            json.loads(resources.files(__package__).joinpath("template.json").read_text())
        )


def resolve(value: Any, parameters: Mapping[str, str]) -> str:
    """Return a value with the parameter that it refers to."""
    return parameters[value["Ref"]] if isinstance(value, Mapping) else str(value)
