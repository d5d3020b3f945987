"""Alarms watch metrics that exist, and notify the topic."""

import ast
import re

from jobs.core.status import JobStatus
from local.cloud.omit import find_references
from tests.architecture.template import PSEUDO_PARAMETERS, ROOT, metrics_of, of_type

JOBS = ROOT / "layers/jobs/jobs"


def test_alarm_refers_to_existing_resources(template, alarms) -> None:
    known = template["Resources"].keys() | template["Parameters"].keys() | PSEUDO_PARAMETERS

    for name, alarm in alarms.items():
        assert {each for each in find_references(alarm) if each not in known} == set(), name


def test_alarm_names_resources_by_reference(alarms, resources) -> None:
    """Values of own metrics and names of indexes are literal: nothing else names them."""
    literal = {
        value
        for alarm in alarms.values()
        for metric in metrics_of(alarm)
        for key, value in metric.dimensions.items()
        if isinstance(value, str) and key != "GlobalSecondaryIndexName"
    }

    assert literal <= {"sortie", *JobStatus}


def test_api_alarm_uses_the_name_and_stage_of_the_api(resources, alarms) -> None:
    api = resources["Api"]["Properties"]

    for metric in metrics_of(alarms["ApiFails"]):
        assert metric.dimensions == {"ApiName": api["Name"], "Stage": api["StageName"]}


def test_alarm_on_own_metric_watches_one_that_the_code_emits(resources, alarms) -> None:
    emitted = {
        str(ast.literal_eval(node.args[0]))
        for node in ast.walk(ast.parse((JOBS / "core/adapters/metrics.py").read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "metrics.add_metric"
    }
    [counted] = of_type(resources, "AWS::Logs::MetricFilter").values()
    known = emitted | {each["MetricName"] for each in counted["MetricTransformations"]}
    literals = {
        metric.name
        for alarm in alarms.values()
        for metric in metrics_of(alarm)
        if metric.namespace == {"Ref": "AWS::StackName"}
    }

    assert literals
    assert literals <= known


def test_alarm_on_jobs_uses_the_emitted_dimensions(alarms) -> None:
    """`PrintedMetrics` emits them so; an alarm on other dimensions would never see a value."""
    for metric in metrics_of(alarms["JobsFail"]):
        assert metric.dimensions.keys() == {"service", "status"}


def test_alarm_expression_uses_exactly_its_metrics(alarms) -> None:
    for name, alarm in alarms.items():
        metrics = {each["Id"]: each for each in alarm.get("Metrics", [])}
        used = {
            word
            for each in metrics.values()
            for word in re.findall(r"\b[a-z]\w*\b", each.get("Expression", ""))
        }
        returned = [each["Id"] for each in metrics.values() if each.get("ReturnData", True)]
        assert used == metrics.keys() - set(returned), name
        assert len(returned) == bool(metrics), name


def test_alarm_notifies_the_topic_when_it_starts_and_ends(alarms) -> None:
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name
