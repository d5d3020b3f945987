"""The lines that `make up` prints for functions' log entries."""

import json

from local.stack.logline import format_line


def test_metrics_are_not_printed() -> None:
    entry = json.dumps({"_aws": {"Timestamp": 1}, "Jobs": [1.0]})

    assert format_line("PublishEvents", entry, coloured=False) is None


def test_line_has_function_level_message_and_job() -> None:
    entry = json.dumps({"level": "INFO", "message": "job run", "job_id": "1", "tenant": "acme"})

    line = format_line("RunAgentJob", entry, coloured=False)

    assert line is not None
    assert line.split() == ["RunAgentJob", "INFO", "job", "run", "job_id=1"]
