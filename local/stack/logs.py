"""Follow the logs of the stack's functions.

The emulator writes each invocation's output to CloudWatch Logs at its end, as a stream of its own.
So a stream that has been read once is complete.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from typing import Self

from botocore.config import Config

from local.cloud.aws import create_session

OVERLAP_MS = 5_000  # streams do not appear in strict order of their time
PREFIX = "/aws/lambda/"


class LogFollower:
    """Each poll continues where the last one ended."""

    def __init__(self, endpoint_url: str, stack: str) -> None:
        self._logs = create_session().client(
            "logs", endpoint_url=endpoint_url, config=Config(retries={"max_attempts": 0})
        )
        self._functions = list_functions(endpoint_url, stack)
        self._since = int(time.time() * 1000)
        self._seen = set[str]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._logs.close()

    def poll(self) -> Iterator[tuple[str, str, float]]:
        """Yield the function, the message and the time, in seconds, of each new line."""
        now = int(time.time() * 1000)
        streams = dict[str, list[tuple[str, str, float]]]()
        groups = self._logs.describe_log_groups()["logGroups"]
        for group in groups:
            streams |= self._read_streams(group["logGroupName"], self._since)
        new = [line for name in streams.keys() - self._seen for line in streams[name]]
        yield from sorted(new, key=lambda line: line[2])
        self._seen, self._since = set(streams), now - OVERLAP_MS

    def _read_streams(self, group: str, since: int) -> dict[str, list[tuple[str, str, float]]]:
        function = group.removeprefix(PREFIX)
        lines = defaultdict[str, list[tuple[str, str, float]]](list)
        pages = self._logs.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                name, at = self._functions.get(function, function), event["timestamp"] / 1000
                lines[event["logStreamName"]].append((name, event["message"].rstrip(), at))
        return lines


def list_functions(endpoint_url: str, stack: str) -> dict[str, str]:
    """Map the physical name of each function to its logical id without `Function`."""
    with closing(create_session().client("cloudformation", endpoint_url=endpoint_url)) as stacks:
        resources = stacks.describe_stack_resources(StackName=stack)["StackResources"]
    return {
        each["PhysicalResourceId"]: each["LogicalResourceId"].removesuffix("Function")
        for each in resources
        if each["ResourceType"] == "AWS::Lambda::Function"
    }
