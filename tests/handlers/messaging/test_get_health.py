from jobs.core.status import JobStatus
from tests.support import NOON


def ids():
    return (f"019b7963-4a00-7000-8000-{n:012d}" for n in range(1, 100))


def test_health_without_jobs_is_all_zeros(call) -> None:
    assert call("get_health").body == {
        "healthy": True,
        "timestamp": NOON,
        "totalJobs": 0,
        "statusCounts": {
            "pending": 0,
            "processing": 0,
            "completed": 0,
            "failed": 0,
            "timeout": 0,
        },
        "metrics": {
            "averageProcessingTimeMs": 0,
            "successRate": 0.0,
            "failureRate": 0.0,
            "timeoutRate": 0.0,
        },
        "maxJobs": 10_000,
    }


def test_health_rates_count_ended_jobs_and_cancelled_as_failed(call, stored, world) -> None:
    names = ids()
    for status, took in [
        (JobStatus.PENDING, 0),
        (JobStatus.RUNNING, 0),
        (JobStatus.SUCCEEDED, 100),
        (JobStatus.SUCCEEDED, 101),
        (JobStatus.SUCCEEDED, 102),
        (JobStatus.FAILED, 7000),
        (JobStatus.CANCELLED, 9000),
        (JobStatus.TIMED_OUT, 30_000),
    ]:
        ended = {"ended_at": NOON + took, "changed_at": NOON + took} if took else {}
        stored(id=next(names), status=status, **ended)
    world.read_stream()

    body = call("get_health").body

    assert body["totalJobs"] == 8
    assert body["statusCounts"] == {
        "pending": 1,
        "processing": 1,
        "completed": 3,
        "failed": 2,
        "timeout": 1,
    }
    assert body["metrics"] == {
        "averageProcessingTimeMs": 101,
        "successRate": 0.5,
        "failureRate": 0.33,
        "timeoutRate": 0.17,
    }


def test_health_average_rounds_half_up(call, stored, world) -> None:
    names = ids()
    for took in (100, 101):
        stored(
            id=next(names),
            status=JobStatus.SUCCEEDED,
            ended_at=NOON + took,
            changed_at=NOON + took,
        )
    world.read_stream()

    average = call("get_health").body["metrics"]["averageProcessingTimeMs"]

    assert isinstance(average, int)
    assert average == 101


def test_health_excludes_other_tenants(call, stored, world) -> None:
    stored(tenant="rival")
    world.read_stream()

    assert call("get_health").body["totalJobs"] == 0
