"""Ids of jobs, and names of tenants."""

import pytest

from jobs.core.ids import earliest_id, is_job_id, is_tenant, new_job_id, parse_uuid, shard_of
from tests.support import NOON


def test_earliest_id_of_a_moment_separates_earlier_from_later_ids() -> None:
    border = earliest_id(NOON)

    assert new_job_id(NOON - 1, tag="f" * 12) < border < new_job_id(NOON, tag="0" * 12)


def test_new_job_id_without_tag_is_random() -> None:
    first, second = new_job_id(NOON), new_job_id(NOON)

    assert first != second


@pytest.mark.parametrize(("random_bits", "expected"), [
    (0, "00000000-0001-7000-8000-000000000000"),
    (2**80 - 1, "00000000-0001-7fff-bfff-ffffffffffff"),
])  # fmt: skip
def test_new_job_id_from_any_random_bits_is_a_uuid_of_version_7(
    monkeypatch, random_bits, expected
) -> None:
    monkeypatch.setattr("secrets.randbits", lambda _: random_bits)

    assert new_job_id(1) == expected


@pytest.mark.parametrize("tag", [None, "0" * 12])
def test_new_job_id_with_shards_names_one_of_them(tag) -> None:
    ids = [new_job_id(NOON + n, tag=tag, shards=5) for n in range(200)]

    assert {shard_of(each) for each in ids} == {0, 1, 2, 3, 4}
    assert {each[14] for each in ids} == {"8"}
    assert all(map(is_job_id, ids))
    assert ids == sorted(ids)


def test_shard_of_an_id_without_shards_is_the_first() -> None:
    assert {shard_of(new_job_id(NOON)) for _ in range(100)} == {0}


@pytest.mark.parametrize(("name", "valid"), [
    ("acme", True), ("7-up", True), ("a" * 63, True),
    ("", False), ("a" * 64, False), ("-acme", False), ("Acme", False), ("acme#", False),
])  # fmt: skip
def test_tenant_name_is_valid_only_as_a_host_label(name, valid) -> None:
    assert is_tenant(name) is valid


@pytest.mark.parametrize(("text", "parsed"), [
    ("019B7963-4A00-7000-8000-00000000000F", "019b7963-4a00-7000-8000-00000000000f"),
    ("11111111-1111-4111-8111-111111111111", "11111111-1111-4111-8111-111111111111"),
    ("019b79634a0070008000000000000001", None), ("", None), ("x", None),
])  # fmt: skip
def test_parse_uuid_returns_it_in_lower_case(text, parsed) -> None:
    assert parse_uuid(text) == parsed
