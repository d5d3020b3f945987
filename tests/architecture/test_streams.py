"""No record of a table's stream is lost, or blocks the stream for ever."""

from tests.architecture.template import as_list, events_of, statements_of


def test_stream_record_is_given_up_to_a_queue_after_limited_retries(functions) -> None:
    for name, event in events_of(functions, "DynamoDB"):
        assert event["DestinationConfig"]["OnFailure"]["Type"] == "SQS", name
        assert event["MaximumRetryAttempts"] > 0, name
        assert event["MaximumRecordAgeInSeconds"] > 0, name


def test_stream_consumer_may_send_to_its_failure_destination(functions) -> None:
    for name, event in events_of(functions, "DynamoDB"):
        [queue, _] = event["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"]
        sends = [s for s in statements_of(functions[name]) if s["Action"] == "sqs:SendMessage"]
        targets = [each["Fn::GetAtt"][0] for s in sends for each in as_list(s["Resource"])]
        assert queue in targets, name
