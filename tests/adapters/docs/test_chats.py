"""The latest job of each chat."""

import pytest

FIRST = "019b7963-4a00-7000-8000-000000000001"
SECOND = "019b7963-4a00-7000-8000-000000000002"


@pytest.mark.parametrize("chat", ["Yj2kLm9", "", "a#b/ü", "x" * 5000])
def test_latest_job_of_a_chat_is_the_last_one_created(chats, tenant, a_docs_job, chat) -> None:
    first, second = (a_docs_job(tenant=tenant, id=id_) for id_ in (FIRST, SECOND))

    for job in (first, second, first):  # a late repetition changes nothing
        chats.put(chat, job)

    assert chats.latest(tenant, "demo-docs", chat) == second.ref


def test_chat_belongs_to_its_project_and_tenant(chats, tenant, a_docs_job) -> None:
    chats.put("c", a_docs_job(tenant=tenant))

    assert chats.latest(tenant, "other", "c") is None
    assert chats.latest(f"{tenant}-2", "demo-docs", "c") is None
    assert chats.latest(tenant, "demo-docs", "C") is None
