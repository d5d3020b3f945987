import pytest

from jobs.messaging.api.responses import STATUS_NAMES
from tests.support import NOON


def job_id(n: int) -> str:
    return f"019b7963-4a00-7000-8000-{n:012d}"


@pytest.fixture
def listing(call):
    """List with these query parameters; without any, API Gateway sends null."""
    return lambda **query: call("list_jobs", queryStringParameters=query or None)


def listed(answer) -> list[str]:
    return [job["jobId"] for job in answer.body["jobs"]]


def test_list_jobs_returns_newest_first_with_total(listing, stored, world) -> None:
    for n in (2, 3, 1):
        stored(id=job_id(n))
    world.read_stream()

    answer = listing()

    assert listed(answer) == [job_id(3), job_id(2), job_id(1)]
    assert (answer.body["total"], answer.body["filtered"]) == (3, 3)
    assert "nextCursor" not in answer.body


def test_list_jobs_returns_jobs_as_get_job_does(listing, call, stored) -> None:
    stored()

    assert listing().body["jobs"] == [call("get_job").body]


def test_list_jobs_excludes_other_tenants(listing, stored, world) -> None:
    stored(tenant="rival")
    world.read_stream()

    assert listing().body == {"jobs": [], "total": 0, "filtered": 0}


@pytest.mark.parametrize(("limit", "count"), [
    (None, 50), ("", 50), ("0", 50), ("garbage", 50), ("-5", 50), ("NaN", 50), ("\u0663", 50),
    ("1", 1), ("10abc", 10), (" 7 ", 7), ("+3", 3), ("2.9", 2), ("1000", 1000), ("5000", 1000),
    ("9" * 400, 1000),
])  # fmt: skip
def test_list_jobs_limit_is_parsed_as_in_original_api(listing, stored, limit, count) -> None:
    for n in range(1001):
        stored(id=job_id(n))

    answer = listing(**{} if limit is None else {"limit": limit})

    assert len(answer.body["jobs"]) == answer.body["filtered"] == count


@pytest.mark.parametrize(("word", "statuses"), [
    ("pending", {"PENDING", "QUEUED"}),
    ("processing", {"RUNNING"}),
    ("completed", {"SUCCEEDED"}),
    ("failed", {"FAILED", "CANCELLED"}),
    ("timeout", {"TIMED_OUT"}),
    ("PENDING", set(STATUS_NAMES)), ("cancelled", set(STATUS_NAMES)), ("", set(STATUS_NAMES)),
])  # fmt: skip
def test_list_jobs_filters_by_known_status_only(listing, stored, world, word, statuses) -> None:
    for n, status in enumerate(STATUS_NAMES):
        stored(id=job_id(n), status=status, ended_at=NOON if status.is_terminal else None)
    world.read_stream()

    answer = listing(status=word)

    assert set(listed(answer)) == {
        job_id(n) for n, status in enumerate(STATUS_NAMES) if status in statuses
    }
    assert (answer.body["total"], answer.body["filtered"]) == (len(STATUS_NAMES), len(statuses))


def test_list_jobs_at_deadline_shows_timeout(listing, stored, clock) -> None:
    clock.now = stored().deadline

    assert [job["status"] for job in listing().body["jobs"]] == ["timeout"]
    assert listing(status="pending").body["jobs"] == []


def test_list_jobs_cursors_return_each_job_once(listing, stored) -> None:
    for n in range(7):
        stored(id=job_id(n))

    pages = [listing(limit="3")]
    while cursor := pages[-1].body.get("nextCursor"):
        pages.append(listing(limit="3", cursor=cursor))

    assert [len(listed(page)) for page in pages] == [3, 3, 1]
    assert [each for page in pages for each in listed(page)] == [
        job_id(n) for n in range(6, -1, -1)
    ]


@pytest.fixture
def cursor(listing, stored) -> str:
    """A cursor of tenant demo, for its pending jobs."""
    for n in range(3):
        stored(id=job_id(n))
    return listing(limit="1", status="pending").body["nextCursor"]


@pytest.mark.parametrize("tamper", [
    lambda cursor: cursor.swapcase(),
    lambda cursor: "x" + cursor,
    lambda cursor: cursor + "x",
    lambda cursor: cursor.rpartition(".")[0],
    lambda cursor: cursor.rpartition(".")[2],
    lambda cursor: cursor.replace(".", ""),
    lambda _: "garbage",
    lambda _: job_id(2),
    lambda _: "\u00fc.\u00fc",
    lambda _: ".",
])  # fmt: skip
def test_list_jobs_with_tampered_cursor_is_400(listing, cursor, tamper) -> None:
    answer = listing(limit="1", status="pending", cursor=tamper(cursor))

    assert answer.status == 400
    assert answer.body == {
        "success": False,
        "error": "cursor is not valid",
        "code": "INVALID_CURSOR",
    }


@pytest.mark.parametrize("other", [{}, {"status": "failed"}, {"status": "completed"}])
def test_list_jobs_with_cursor_of_other_filter_is_400(listing, cursor, other) -> None:
    assert listing(limit="1", cursor=cursor, **other).status == 400


def test_list_jobs_with_cursor_of_other_tenant_is_400(call, event, cursor) -> None:
    query = {"limit": "1", "status": "pending", "cursor": cursor}
    context = event("messaging/list_jobs")["requestContext"]
    rivals = context | {"authorizer": {"tenant": "rival"}}

    own = call("list_jobs", queryStringParameters=query)
    foreign = call("list_jobs", queryStringParameters=query, requestContext=rivals)

    assert (own.status, foreign.status) == (200, 400)
