"""Tables outlive the stack, and can be restored."""

from tests.architecture.template import of_type

LOSABLE = {"OutputTable", "WebhookTable"}  # a job's outcome is with the job


def test_table_with_data_is_retained_and_can_be_restored(resources) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    for name in tables.keys() - LOSABLE:
        assert resources[name]["UpdateReplacePolicy"] == "Retain", name
        assert resources[name]["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert tables[name]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], name
