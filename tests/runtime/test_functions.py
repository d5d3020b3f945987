"""Every function starts under Lambda's runtime and answers its event."""

import json

import pytest

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
    "ExpireJobFunction": {"status": "TIMED_OUT"},
    "ExpireShareFunction": None,
    "PollRemoteJobFunction": {"ended": False},
    "PublishEventsFunction": None,
    "RunAgentJobFunction": {"batchItemFailures": []},
    "RunDocsJobFunction": {"batchItemFailures": []},
    "TrackConnectionsFunction": {"batchItemFailures": []},
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS - WORKERS.keys()))
def test_a_function_answers_its_event(run, name) -> None:
    answer = run(name)

    assert find_failure(json.dumps(answer)) is None


@pytest.mark.parametrize(("name", "answer"), WORKERS.items())
def test_a_worker_does_its_work(run, name, answer) -> None:
    assert run(name) == answer


def test_an_answer_is_the_handlers_own(run, invoked) -> None:
    event = json.loads(invoked["MessagingGetJobFunction"].event)

    answer = run("MessagingGetJobFunction")

    job = json.loads(answer["body"])
    assert job["jobId"] == event["pathParameters"]["jobId"]
    assert job["status"] == "processing"


def test_the_authorizer_knows_the_stacks_key(run) -> None:
    answer = run("AuthorizeApiKeyFunction")

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"] == {"tenant": "demo", "scopes": ""}


def test_the_web_sockets_authorizer_lets_a_shares_viewers_in(run) -> None:
    answer = run("AuthorizeSocketFunction")

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"]["resource"] == "harbour"


def test_the_web_sockets_authorizer_checks_tokens(run, invoked) -> None:
    event = json.loads(invoked["AuthorizeSocketFunction"].event)
    event["queryStringParameters"]["token"] = "e30.e30.e30"

    answer = run("AuthorizeSocketFunction", json.dumps(event))

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"


def test_an_exception_is_seen(run) -> None:
    answer = run("ExpireJobFunction", "{}")

    assert answer["errorType"] == "ValueError"
    assert find_failure(json.dumps(answer)) == "ValueError: not a job's ref"


def test_a_broken_import_is_seen(run, tmp_path) -> None:
    answer = run("MessagingGetJobFunction", PYTHONPATH=str(tmp_path))

    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert find_failure(json.dumps(answer)).startswith("Runtime.ImportModuleError: ")


def test_without_the_layer_nothing_runs(run, built) -> None:
    task = str(built / "MessagingGetJobFunction")

    assert run("MessagingGetJobFunction", PYTHONPATH=task)["errorType"] == (
        "Runtime.ImportModuleError"
    )
