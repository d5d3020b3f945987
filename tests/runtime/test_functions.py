"""Every function starts under Lambda's runtime, and answers its event."""

import json

import pytest

from jobs.core.ids import is_uuid
from local.cloud.template import load_template
from local.kit.paths import ROOT
from local.sam_local.invoke import find_failure

FUNCTIONS = {
    name
    for name, resource in load_template(ROOT / "template.yaml")["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
    and not resource["Properties"]["Handler"].endswith(".sh")
}
WORKERS = {
    "DispatchJobsFunction": {"batchItemFailures": []},
    "EndDeadLettersFunction": {"batchItemFailures": []},
    "ExpireJobFunction": {"batchItemFailures": []},
    "ExpireShareFunction": None,
    "PollRemoteJobFunction": {"batchItemFailures": []},
    "PublishEventsFunction": None,
    "RunAgentJobFunction": {"batchItemFailures": []},
    "RunDocsJobFunction": {"batchItemFailures": []},
    "TrackConnectionsFunction": {"batchItemFailures": []},
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS - WORKERS.keys()))
def test_function_answers_its_event(run, name) -> None:
    answer = run(name)

    assert find_failure(json.dumps(answer)) is None


@pytest.mark.parametrize(("name", "answer"), WORKERS.items())
def test_worker_answers_its_event(run, name, answer) -> None:
    assert run(name) == answer


def test_answer_has_the_handlers_content(run, invoked) -> None:
    event = json.loads(invoked["MessagingGetJobFunction"].event)

    answer = run("MessagingGetJobFunction")

    job = json.loads(answer["body"])
    assert job["jobId"] == event["pathParameters"]["jobId"]
    assert job["status"] == "processing"


def test_authorizer_allows_the_stacks_key(run) -> None:
    answer = run("AuthorizeApiKeyFunction")

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"]["tenant"] == "demo"


def test_socket_authorizer_allows_a_share_code(run) -> None:
    answer = run("AuthorizeSocketFunction")

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert is_uuid(answer["context"]["resource"])


def test_socket_authorizer_denies_an_invalid_token(run, invoked) -> None:
    event = json.loads(invoked["AuthorizeSocketFunction"].event)
    event["queryStringParameters"]["token"] = "e30.e30.e30"

    answer = run("AuthorizeSocketFunction", json.dumps(event))

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"


def test_exception_of_a_function_is_a_failure(run) -> None:
    answer = run("ExpireJobFunction", "{}")

    assert answer["errorType"] == "ValueError"
    assert find_failure(json.dumps(answer)) == "ValueError: not a job's ref"


def test_broken_import_is_a_failure(run, tmp_path) -> None:
    answer = run("MessagingGetJobFunction", PYTHONPATH=str(tmp_path))

    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert find_failure(json.dumps(answer)).startswith("Runtime.ImportModuleError: ")


def test_function_without_its_layer_does_not_start(run, built) -> None:
    task = str(built / "MessagingGetJobFunction")

    assert run("MessagingGetJobFunction", PYTHONPATH=task)["errorType"] == (
        "Runtime.ImportModuleError"
    )
