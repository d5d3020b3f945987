"""The arithmetic of the benchmarks."""

import re

import pytest

from bench.capacity import compute_batch_read_units, compute_item_size, compute_read_units
from bench.job import count_polls
from bench.price import (
    Usage,
    estimate_billed_ms,
    price_extras,
    price_idle_month,
    price_million,
    price_program_month,
)
from bench.report import Row, Section, format_figure, format_table
from bench.transitions import load_definition, walk_states
from local.kit.paths import ROOT
from scripts.site import costs


class TestPrice:
    def test_each_service_has_its_own_price(self):
        usage = Usage(
            requests=6,
            invocations=10,
            lambda_ms=100,
            write_units=20,
            read_units=10,
            queue_requests=4,
            transitions=2,
            events=3,
            iot_messages=5,
            rules=2,
            socket_messages=7,
            socket_minutes=10,
        )

        assert price_million(usage) == pytest.approx({
            "API Gateway": 21,
            "Lambda": 2 + 0.05 * 13.3334,
            "DynamoDB": 12.5 + 1.25,
            "SQS": 1.6,
            "Step Functions": 50,
            "EventBridge": 3,
            "IoT Core": 5 + 2 * 0.30,
            "WebSocket API": 7 + 10 * 0.25,
        })  # fmt: skip

    def test_no_usage_costs_nothing(self):
        assert price_million(Usage()) == {}

    def test_unused_services_are_not_listed(self):
        assert price_million(Usage(events=1)) == {"EventBridge": 1}

    def test_logs_traces_and_transfer_are_outside_the_budget(self):
        beside = price_extras(
            log_bytes=3000, requests=5, invocations=10, traces=10, answer_bytes=1000
        )

        assert beside == pytest.approx(
            {"CloudWatch Logs": 6.5, "X-Ray": 2.5, "data transfer": 0.09}
        )

    def test_billed_time_is_cpu_share_and_waiting(self):
        assert estimate_billed_ms(cpu_ms=2, calls=3) == pytest.approx(2 * 1769 / 512 + 15)


class TestMonth:
    def test_idle_stack_pays_for_what_waits(self):
        metric = {"Id": "m", "MetricStat": {}}
        math = {"Metrics": [{"Id": "e", "Expression": "m + n"}, metric, metric]}
        events = {"Work": {"Type": "SQS"}, "Changes": {"Type": "DynamoDB"}}
        resources = {
            "Math": {"Type": "AWS::CloudWatch::Alarm", "Properties": math},
            "Plain": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}},
            "Dashboard": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {}},
            "Errors": {"Type": "AWS::Logs::MetricFilter", "Properties": {}},
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {}},
            "Worker": {"Type": "AWS::Serverless::Function", "Properties": {"Events": events}},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        }

        assert price_idle_month(resources) == pytest.approx({
            "alarms: 2, on 3 metrics": 0.30,
            "dashboard": 3.00,
            "metrics of the log": 0.30,
            "secrets": 0.40,
            "polling of queues: 1": 0.2592,
        })  # fmt: skip

    def test_page_states_the_price_of_tokens(self):
        page = (ROOT / "docs/reference/costs.md").read_text()

        for each, tokens in (("hour", 1), ("minute", 60)):
            price = price_program_month(tokens_per_hour=tokens)
            assert f"| a token each {each} | ${price:.2f} |" in page

    def test_page_states_the_rough_price_of_the_stack(self):
        prices = costs.render((ROOT / "template.yaml").read_text())

        assert re.search(r"\*\*sum\*\* \| \*\*\$1[2-6]\.", prices), (
            "say it in docs/reference/costs.md"
        )


class TestCapacity:
    def test_item_size_counts_names_and_values(self):
        item = {
            "PK": {"S": "é"},
            "n": {"N": "-1200"},
            "l": {"L": [{"S": "ab"}, {"BOOL": True}]},
            "m": {"M": {"k": {"NULL": True}}},
            "b": {"B": b"1234"},
        }

        assert compute_item_size(item) == (2 + 2) + (1 + 3) + (1 + 3 + 3 + 2) + (1 + 3 + 1 + 2) + (
            1 + 4
        )

    @pytest.mark.parametrize(
        ("sizes", "consistent", "units"),
        [
            ([], True, 1),
            ([], False, 0.5),
            ([4096], True, 1),
            ([4097], True, 2),
            ([2000, 2000], False, 0.5),
            ([3000, 3000, 3000], True, 3),
        ],
    )
    def test_query_rounds_the_sum_of_its_items(self, sizes, consistent, units):
        items = [{"k": {"S": "x" * (size - 1)}} for size in sizes]

        assert compute_read_units(items, consistent=consistent) == units

    def test_batch_rounds_each_item_and_charges_missing_ones(self):
        items = [{"k": {"S": "x" * 5000}}, {"k": {"S": "x"}}]

        assert compute_batch_read_units(items, requested=3, consistent=True) == 2 + 1 + 1


class TestTransitions:
    def test_deadline_enters_two_states(self):
        assert list(walk_states(load_definition("job_timeout"))) == ["WaitForDeadline", "Expire"]

    def test_mission_enters_three_states_whatever_its_checks(self):
        assert list(walk_states(load_definition("mission"))) == ["WaitUntilDue", "Queue", "Watch"]

    @pytest.mark.parametrize(("after", "count"), [(0, 1), (1, 1), (2, 2), (10, 4), (40, 6)])
    def test_poll_intervals_grow(self, after, count):
        assert count_polls(after) == count


class TestReport:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (2, "2"),
            (0.5, "0.50"),
            (2.304, "2.30"),
            (43.52, "43.5"),
            (512.7, "513"),
            (100_000, "100,000"),
        ],
    )
    def test_figure_has_three_significant_digits(self, value, shown):
        assert format_figure(value) == shown

    def test_row_is_within_its_budget_or_has_none(self):
        assert [Row(name="", value=2, budget=budget).within for budget in (2, 1, None)] == [
            True,
            False,
            None,
        ]

    def test_sections_share_column_widths(self):
        over = Row(name="much longer", value=3, unit="ms", budget=2)
        plain = Row(name="b", value=1, details={"RRU": 0.5})

        shown = format_table([
            Section(title="A", rows=[over], notes="Wrapped\nlines."),
            Section(title="B", rows=[plain], notes="One.\n\nTwo.\n"),
        ])  # fmt: skip

        assert shown.splitlines() == [
            "A            measured  budget     details",
            "────────────────────────────────",
            "much longer      3 ms    2 ms  ✗",
            "  Wrapped lines.",
            "",
            "B            measured  budget     details",
            "────────────────────────────────",
            "b                   1             0.50 RRU",
            "  One.",
            "  Two.",
        ]
