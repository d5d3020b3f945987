"""No chain of queues and functions returns to its start.

Lambda follows a message through functions, SQS, SNS and S3, and stops a chain that invokes one
function for the 17th time. Streams of DynamoDB and Step Functions end a chain:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from collections import defaultdict
from graphlib import TopologicalSorter

from tests.architecture.template import as_list, events_of, statements_of


def test_no_function_starts_itself_over_queues(functions) -> None:
    consumers = defaultdict[str, set[str]](set)
    for name, event in events_of(functions, "SQS"):
        consumers[event["Queue"]["Fn::GetAtt"][0]].add(name)
    followers = {
        name: {each for queue in queues_sent_to(function) for each in consumers[queue]}
        for name, function in functions.items()
        if function.get("RecursiveLoop") != "Allow"
    }

    assert any(followers.values())
    TopologicalSorter(followers).prepare()  # raises CycleError


def queues_sent_to(function) -> set[str]:
    sends = [s for s in statements_of(function) if "sqs:SendMessage" in as_list(s["Action"])]
    return {each["Fn::GetAtt"][0] for s in sends for each in as_list(s["Resource"])}
