"""The dashboard shows every resource that exists, and no other."""

from local.cloud.omit import find_substitutions
from tests.architecture.template import PSEUDO_PARAMETERS, of_type, stream_consumers


def test_dashboard_refers_to_existing_resources(template, dashboard) -> None:
    known = template["Resources"].keys() | template["Parameters"].keys() | PSEUDO_PARAMETERS

    assert {each for each in find_substitutions(dashboard) if each not in known} == set()


def test_dashboard_shows_every_alarm_queue_table_machine_and_consumer(
    resources, functions, dashboard
) -> None:
    wanted = stream_consumers(functions).union(
        *(
            of_type(resources, kind)
            for kind in (
                "AWS::CloudWatch::Alarm",
                "AWS::SQS::Queue",
                "AWS::DynamoDB::Table",
                "AWS::Serverless::StateMachine",
            )
        )
    )

    assert wanted - set(find_substitutions(dashboard)) == set(), (
        "add it to Dashboard in template.yaml"
    )


def test_dashboard_names_resources_by_reference(widgets) -> None:
    shown = [
        row
        for widget in widgets
        for row in widget["properties"].get("metrics", [])
        if "expression" not in row[0] and "." not in row
    ]
    values = [value for row in shown for value in row[3::2] if isinstance(value, str)]

    assert shown
    assert [value for value in values if not value.startswith("${")] == []


def test_dashboard_widgets_do_not_overlap(widgets) -> None:
    taken = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
