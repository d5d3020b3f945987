"""The local deployment omits unsupported parts of the template."""

import pytest

from local.cloud.omit import omit_unsupported

UNKNOWN = {"Type": "AWS::IoT::Authorizer", "Properties": {"Status": "ACTIVE"}}
FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b"}}


def make_template(**resources) -> dict:
    return {"Resources": {"Unknown": UNKNOWN, "Function": FUNCTION} | resources}


def test_unsupported_resource_is_omitted_and_others_are_kept() -> None:
    template = make_template() | {"Outputs": {"Name": {"Value": {"Ref": "Function"}}}}

    omit_unsupported(template)

    assert template["Resources"] == {"Function": FUNCTION}
    assert template["Outputs"].keys() == {"Name"}


def test_web_server_keeps_its_variables_and_loses_its_events_and_layers() -> None:
    supported = {
        "Handler": "docs/stream_job.sh",
        "Environment": {"Variables": {"JOB_TABLE": "jobs"}},
    }
    lost = {"Events": {"Http": {"Type": "Api"}}, "Layers": ["arn:of:the:adapter"]}
    server = {"Type": "AWS::Serverless::Function", "Properties": supported | lost}
    template = make_template(Server=server)

    omit_unsupported(template)

    assert template["Resources"]["Server"]["Properties"] == supported


@pytest.mark.parametrize("reference", [
    {"Ref": "Unknown"},
    {"Fn::GetAtt": ["Unknown", "Arn"]},
    {"Fn::Sub": "name/${Unknown}"},
    {"Fn::Sub": "${Unknown.Arn}/*"},
    {"Fn::Sub": ["${A}/${Unknown}", {"A": "a"}]},
    {"Fn::Join": [":", ["a", {"Ref": "Unknown"}]]},
])  # fmt: skip
def test_reference_to_an_omitted_resource_is_omitted(reference) -> None:
    permission = {"Type": "AWS::Lambda::Permission", "Properties": {"SourceArn": reference}}
    outputs = {"Name": {"Value": reference}}
    template = make_template(Permission=permission) | {"Outputs": outputs}

    omit_unsupported(template)

    assert template["Resources"].keys() == {"Function"}
    assert template["Outputs"] == {}


@pytest.mark.parametrize("depends_on", ["First", ["Function", "First"]])
def test_indirect_reference_to_an_omitted_resource_is_omitted(depends_on) -> None:
    first = {"Type": "AWS::Lambda::Permission", "Properties": {"SourceArn": {"Ref": "Unknown"}}}
    second = {"Type": "AWS::SNS::Topic", "DependsOn": depends_on}
    template = make_template(First=first, Second=second)

    omit_unsupported(template)

    assert template["Resources"].keys() == {"Function"}


def test_alarm_on_several_metrics_keeps_the_first() -> None:
    metric = {"Namespace": "AWS/SQS", "MetricName": "Waiting", "Dimensions": []}
    computed = {
        "Threshold": 0,
        "Metrics": [
            {"Id": "all", "Expression": "waiting + taken"},
            {"Id": "waiting", "MetricStat": {"Metric": metric, "Stat": "Maximum", "Period": 60}},
        ],
    }
    template = make_template(Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": computed})

    omit_unsupported(template)

    assert template["Resources"]["Alarm"]["Properties"] == {
        "Threshold": 0, **metric, "Statistic": "Maximum", "Period": 60,
    }  # fmt: skip
