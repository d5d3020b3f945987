"""Failures of invoked functions are found in their answers."""

import json

import pytest

from local.sam_local.invoke import find_failure


@pytest.mark.parametrize(("answer", "failure"), [
    ("", "no answer"),
    ("Function 'F' timed out after 10 seconds", "no answer"),
    ('{"errorMessage": "no", "errorType": "KeyError", "stackTrace": []}', "KeyError: no"),
    ('{"errorMessage": "killed"}', "error: killed"),
    ('{"statusCode": 500, "headers": {}, "body": "oh"}', "500 oh"),
    ('{"batchItemFailures": [{"itemIdentifier": "1"}]}', "the batch's records failed"),
])  # fmt: skip
def test_failed_function_is_recognized(answer, failure) -> None:
    assert find_failure(answer) == failure


@pytest.mark.parametrize("answer", [
    None, {"statusCode": 201, "headers": {}, "body": "{}"}, {"batchItemFailures": []},
    {"ended": True},
])  # fmt: skip
def test_answer_of_a_function_is_no_failure(answer) -> None:
    assert find_failure(json.dumps(answer)) is None
