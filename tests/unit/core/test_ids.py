"""Ids of jobs, and names of tenants."""

import pytest

from jobs.core.ids import earliest_id, is_tenant, new_job_id
from tests.support import NOON


def test_earliest_id_of_a_moment_separates_earlier_from_later_ids() -> None:
    border = earliest_id(NOON)

    assert new_job_id(NOON - 1, tag="f" * 12) < border < new_job_id(NOON, tag="0" * 12)


def test_new_job_id_without_tag_is_a_random_uuid_of_version_7() -> None:
    first, second = new_job_id(NOON), new_job_id(NOON)

    assert first != second
    assert (first[14], second[14]) == ("7", "7")
    assert {first[19], second[19]} <= {*"89ab"}


@pytest.mark.parametrize(("name", "valid"), [
    ("acme", True), ("7-up", True), ("a" * 63, True),
    ("", False), ("a" * 64, False), ("-acme", False), ("Acme", False), ("acme#", False),
])  # fmt: skip
def test_tenant_name_is_valid_only_as_a_host_label(name, valid) -> None:
    assert is_tenant(name) is valid
