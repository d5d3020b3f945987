"""Behaviour common to all endpoints of the documentation agents' API."""

import json

import pytest

from jobs.docs.wiring import wiring as docs
from jobs.kit.errors import UnavailableError
from tests.support import Broken

SUCCESS = {
    "get_job": 200,
    "list_jobs": 200,
    "create_job_v2": 201,
    "get_job_v2": 200,
    "message_job_v2": 200,
    "cancel_job_v2": 200,
}
NEEDS = {
    "get_job": "read",
    "list_jobs": "read",
    "create_job_v2": "write",
    "get_job_v2": "read",
    "message_job_v2": "write",
    "cancel_job_v2": "write",
}
OF_ONE_JOB = ["get_job", "get_job_v2", "message_job_v2", "cancel_job_v2"]


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_sample_event_succeeds(call, stored, endpoint) -> None:
    stored()

    assert call(endpoint).status == SUCCESS[endpoint]


@pytest.mark.parametrize("scope", ["read", "write", ""])
@pytest.mark.parametrize("endpoint", NEEDS)
def test_key_without_scope_returns_403(call, event, stored, endpoint, scope) -> None:
    stored()
    context = event(f"docs/{endpoint}")["requestContext"]
    authorizer = context["authorizer"] | {"scopes": scope}

    answer = call(endpoint, requestContext=context | {"authorizer": authorizer})

    if scope == NEEDS[endpoint]:
        assert answer.status == SUCCESS[endpoint]
    else:
        needs = f"This needs a key with the scope {NEEDS[endpoint]}"
        assert (answer.status, answer.body) == (403, {"error": needs})


@pytest.mark.parametrize("project", ["nowhere", "theirs", "demo-docs#", ""])
@pytest.mark.parametrize("endpoint", SUCCESS)
def test_project_of_other_tenant_returns_404(call, event, stored, endpoint, project) -> None:
    stored()
    parameters = event(f"docs/{endpoint}")["pathParameters"] | {"projectId": project}

    answer = call(endpoint, pathParameters=parameters)

    assert (answer.status, answer.body) == (404, {"error": "Project not found"})


@pytest.mark.parametrize("about", [
    {"tenant": "rival"},
    {"session": {"project": "other"}},
    {"session": {"root": "019b7963-4a00-7000-8000-000000000002"}},
    {"id": "019b7963-4a00-7000-8000-000000000002"},
])  # fmt: skip
@pytest.mark.parametrize("endpoint", OF_ONE_JOB)
def test_job_of_other_project_returns_404(call, stored, endpoint, about) -> None:
    stored(**about)

    answer = call(endpoint)

    assert (answer.status, answer.body) == (404, {"error": "Job not found"})


@pytest.mark.parametrize("endpoint", OF_ONE_JOB)
def test_malformed_job_id_returns_404(call, stored, endpoint) -> None:
    stored()

    answer = call(endpoint, pathParameters={"projectId": "demo-docs", "id": "1#x"})

    assert (answer.status, answer.body) == (404, {"error": "Job not found"})


@pytest.fixture
def break_ports(rewire):
    def fail_with(error: Exception) -> None:
        rewire(docs.core, jobs=Broken(error))
        rewire(docs, projects=Broken(error), docs_jobs=Broken(error))

    return fail_with


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_throttled_table_returns_503_with_retry_after(call, break_ports, endpoint) -> None:
    break_ports(UnavailableError("ThrottlingException"))

    answer = call(endpoint)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert answer.body == {"error": "Service is busy, try again"}


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_unexpected_error_returns_500_and_is_logged(call, break_ports, log, endpoint) -> None:
    break_ports(RuntimeError("table sortie-secret at 10.0.0.1 is on fire"))

    answer = call(endpoint)

    assert (answer.status, answer.body) == (500, {"error": "Internal server error"})
    assert "sortie-secret" in json.dumps(log())


@pytest.mark.parametrize("endpoint", SUCCESS)
def test_log_has_no_keys_or_content(call, event, stored, log, endpoint) -> None:
    stored(session={"title": "Hush"})
    sent = event(f"docs/{endpoint}")

    call(endpoint)

    logged = json.dumps(log())
    assert log()
    for secret in (sent["headers"]["Authorization"], "Hush", "say Hello", "Quickstart"):
        assert secret not in logged
