"""Behaviour common to all endpoints of the missions API, shown with a trivial one."""

import json
from http import HTTPStatus

import pytest

from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.errors import JobNotFoundError, JobStartedError
from jobs.core.rate_limit import Limit
from jobs.kit.errors import UnavailableError
from jobs.kit.http import BadRequestError, Request, Response
from jobs.missions.api import errors as missions_errors
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Client, Role
from jobs.missions.wiring import wiring as missions
from scripts.wirings import CORES
from tests.databases import empty_database
from tests.support import NOON, Broken

V2 = "application/vnd.idi-fly.api-v2+json"
RESETS_AT = str((NOON + 60_000) // 1000)


@pytest.fixture(autouse=True)
def limits(world, rewire) -> SqliteRateLimits:
    world.registry.put_client(Client(id="app", tenant="acme", name="App", role=Role.MANAGER))
    made = SqliteRateLimits(empty_database(), world.clock)
    rewire(*CORES, rate_limits=made)
    return made


@pytest.fixture
def call(lambda_context):
    """Call an endpoint with this answer, as a pilot or with these claims and headers."""

    def call(answer=lambda request, caller: Response(HTTPStatus.OK, {"as": caller.tenant}),
             *, claims=None, headers=None, **options):  # fmt: skip
        pilot = {"client_id": "app", "token_use": "access", "scope": "missions/pilot"}
        event = {
            "headers": headers or {},
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"claims": pilot | (claims or {})},
            },
        }
        handler = missions_endpoint(answer, **{"role": Role.PILOT} | options)
        made = handler(event, lambda_context)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        assert "X-RateLimit-Reset" in made["headers"]["Access-Control-Expose-Headers"]
        return made["statusCode"], json.loads(made["body"]), made["headers"]

    return call


def raising(error: Exception):
    def answer(request: Request, caller: Caller) -> Response:
        raise error

    return answer


def test_endpoint_receives_caller(call) -> None:
    seen = []

    def answer(request: Request, caller: Caller) -> Response:
        seen.append(caller)
        return Response(HTTPStatus.CREATED, {"success": True})

    assert call(answer)[:2] == (201, {"success": True})
    assert seen == [Caller(tenant="acme", client_id="app", role=Role.PILOT)]


@pytest.mark.parametrize("claims", [{"client_id": "nobody"}, {"token_use": "id"}, {"scope": "x"}])
def test_unregistered_client_gets_invalid_token(call, claims) -> None:
    status, body, _ = call(claims=claims)

    assert (status, body["code"]) == (401, "INVALID_TOKEN")


def test_request_without_authorizer_gets_invalid_token(lambda_context) -> None:
    handler = missions_endpoint(raising(AssertionError()), role=Role.VIEWER)

    made = handler({"headers": {}, "requestContext": {}}, lambda_context)

    assert made["statusCode"] == 401


def test_low_role_is_forbidden_with_required_role(call) -> None:
    status, body, _ = call(role=Role.MANAGER)

    assert (status, body["code"]) == (403, "INSUFFICIENT_PERMISSIONS")
    assert "MANAGER" in body["message"]


def test_checks_run_in_order_token_version_role_limit(call, limits) -> None:
    limit = Limit("create", 1, 60_000)
    wrong = {"role": Role.MANAGER, "headers": {"Accept": V2}, "limit": limit}

    assert call(claims={"client_id": "nobody"}, **wrong)[0] == 401
    assert call(**wrong)[0] == 415
    assert call(**wrong | {"headers": {}})[0] == 403
    assert limits.take("acme", limit).granted


def test_limited_endpoint_sends_rate_headers(call) -> None:
    limit = Limit("create", 4, 60_000)

    headers = [
        call(**each, limit=limit)[2]
        for each in (
            {},
            {"answer": raising(BadRequestError("no"))},
            {"answer": raising(RuntimeError())},
            {"answer": raising(UnavailableError())},
            {},
        )
    ]

    assert [each["X-RateLimit-Remaining"] for each in headers] == ["3", "2", "1", "0", "0"]
    assert {each["X-RateLimit-Limit"] for each in headers} == {"4"}
    assert {each["X-RateLimit-Reset"] for each in headers} == {RESETS_AT}


def test_request_over_limit_does_not_reach_endpoint(call) -> None:
    limit = Limit("create", 1, 60_000)
    call(limit=limit)

    status, body, headers = call(raising(AssertionError()), limit=limit)

    assert (status, body["code"], body["success"]) == (429, "RATE_LIMITED", False)
    assert headers["Retry-After"] == "60"


def test_rate_limit_is_shared_by_clients_of_organisation(world, call) -> None:
    world.registry.put_client(Client(id="twin", tenant="acme", name="Twin", role=Role.PILOT))
    world.registry.put_client(Client(id="spy", tenant="rival", name="Spy", role=Role.PILOT))
    limit = Limit("create", 1, 60_000)
    call(limit=limit)

    assert call(limit=limit, claims={"client_id": "twin"})[0] == 429
    assert call(limit=limit, claims={"client_id": "spy"})[0] == 200


def test_error_has_contract_shape(call) -> None:
    status, body, _ = call(raising(JobNotFoundError("j")))

    assert status == 404
    assert body == {
        "success": False,
        "error": "Job not found",
        "message": "Your organisation has no job of this id",
        "code": "JOB_NOT_FOUND",
        "requestId": "r-1",
        "timestamp": "2026-01-01T12:00:00.000Z",
    }


def test_extra_errors_of_endpoint_are_used(call) -> None:
    answer = raising(JobStartedError("j"))

    assert (
        call(answer, extra_errors=missions_errors.CANNOT_CANCEL)[1]["error"] == "Cannot cancel job"
    )


def test_unavailable_registry_is_503(call, rewire) -> None:
    rewire(missions, partners=Broken(UnavailableError("ThrottlingException")))

    status, body, headers = call()

    assert (status, body["code"], headers["Retry-After"]) == (503, "UNAVAILABLE", "1")


def test_unexpected_error_is_logged_and_hidden_from_caller(call, log) -> None:
    status, body, _ = call(raising(RuntimeError("on fire")))

    assert (status, body["code"]) == (500, "INTERNAL_ERROR")
    assert "fire" not in json.dumps(body)
    assert "on fire" in json.dumps(log())
