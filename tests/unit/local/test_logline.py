"""What `make up` shows of a function's log."""

import json

from local.stack.logline import format_line


def test_metrics_are_not_for_people() -> None:
    printed = json.dumps({"_aws": {"Timestamp": 1}, "Jobs": [1.0]})

    assert format_line("PublishEvents", printed, coloured=False) is None


def test_a_line_says_who_what_and_about_which_job() -> None:
    logged = json.dumps({"level": "INFO", "message": "job run", "job_id": "1", "tenant": "acme"})

    line = format_line("RunAgentJob", logged, coloured=False)

    assert line is not None
    assert line.split() == ["RunAgentJob", "INFO", "job", "run", "job_id=1"]
