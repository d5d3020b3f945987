"""What the local deploy leaves out of the template."""

import pytest

from local.cloud.omit import omit_unsupported

UNKNOWN = {"Type": "AWS::IoT::Authorizer", "Properties": {"Status": "ACTIVE"}}
FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b"}}


def template(**resources) -> dict:
    return {"Resources": {"Unknown": UNKNOWN, "Function": FUNCTION} | resources}


def test_what_the_emulator_does_not_know_is_left_out_and_the_rest_stays() -> None:
    given = template() | {"Outputs": {"Name": {"Value": {"Ref": "Function"}}}}

    omit_unsupported(given)

    assert given["Resources"] == {"Function": FUNCTION}
    assert given["Outputs"].keys() == {"Name"}


def test_web_server_keeps_its_variables_and_loses_its_events_and_layers() -> None:
    kept = {"Handler": "docs/stream_job.sh", "Environment": {"Variables": {"JOB_TABLE": "jobs"}}}
    lost = {"Events": {"Http": {"Type": "Api"}}, "Layers": ["arn:of:the:adapter"]}
    given = template(Server={"Type": "AWS::Serverless::Function", "Properties": kept | lost})

    omit_unsupported(given)

    assert given["Resources"]["Server"]["Properties"] == kept


@pytest.mark.parametrize("reference", [
    {"Ref": "Unknown"},
    {"Fn::GetAtt": ["Unknown", "Arn"]},
    {"Fn::Sub": "name/${Unknown}"},
    {"Fn::Sub": "${Unknown.Arn}/*"},
    {"Fn::Sub": ["${A}/${Unknown}", {"A": "a"}]},
    {"Fn::Join": [":", ["a", {"Ref": "Unknown"}]]},
])  # fmt: skip
def test_what_refers_to_it_goes_with_it(reference) -> None:
    permission = {"Type": "AWS::Lambda::Permission", "Properties": {"SourceArn": reference}}
    given = template(Permission=permission) | {"Outputs": {"Name": {"Value": reference}}}

    omit_unsupported(given)

    assert given["Resources"].keys() == {"Function"}
    assert given["Outputs"] == {}


@pytest.mark.parametrize("depends_on", ["First", ["Function", "First"]])
def test_what_refers_to_what_went_goes_too(depends_on) -> None:
    first = {"Type": "AWS::Lambda::Permission", "Properties": {"SourceArn": {"Ref": "Unknown"}}}
    second = {"Type": "AWS::SNS::Topic", "DependsOn": depends_on}
    given = template(First=first, Second=second)

    omit_unsupported(given)

    assert given["Resources"].keys() == {"Function"}


def test_an_alarm_that_computes_looks_at_the_first_of_its_metrics() -> None:
    metric = {"Namespace": "AWS/SQS", "MetricName": "Waiting", "Dimensions": []}
    computed = {
        "Threshold": 0,
        "Metrics": [
            {"Id": "all", "Expression": "waiting + taken"},
            {"Id": "waiting", "MetricStat": {"Metric": metric, "Stat": "Maximum", "Period": 60}},
        ],
    }
    given = template(Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": computed})

    omit_unsupported(given)

    assert given["Resources"]["Alarm"]["Properties"] == {
        "Threshold": 0, **metric, "Statistic": "Maximum", "Period": 60,
    }  # fmt: skip
