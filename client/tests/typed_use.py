"""The signatures that type checkers see. mypy reads this file; nothing runs it."""

from collections.abc import AsyncGenerator, Generator, Sequence
from typing import assert_type

from sortie_client import (
    AsyncSortie,
    CreatedJob,
    DeviceGroup,
    DocsEvent,
    Job,
    Mission,
    Sortie,
    TrackingUpdate,
)


def synchronous(sortie: Sortie) -> None:
    assert_type(sortie.messaging.create_job("user", "Hi", timeout_ms=1000), CreatedJob)
    assert_type(sortie.messaging.poll_job("id", interval=1), Job)
    assert_type(sortie.messaging.watch_job("id"), Generator[Job])
    assert_type(sortie.sessions.send_message_and_wait("id", "Hi"), str)
    assert_type(sortie.missions.get_job("id"), Mission)
    assert_type(sortie.missions.list_resources(), Sequence[DeviceGroup])
    assert_type(sortie.missions.watch("id"), Generator[TrackingUpdate])
    assert_type(sortie.docs.run("write"), Generator[DocsEvent])
    sortie.messaging.create_job(1, "Hi")  # type: ignore[arg-type]
    sortie.messaging.create_job("user")  # type: ignore[call-arg]
    sortie.docs.run("write", model="gpt")  # type: ignore[arg-type]


async def asynchronous(sortie: AsyncSortie) -> None:
    assert_type(await sortie.messaging.create_job("user", "Hi"), CreatedJob)
    assert_type(await sortie.missions.get_job("id"), Mission)
    assert_type(sortie.missions.watch("id"), AsyncGenerator[TrackingUpdate])
    assert_type(sortie.docs.run("write"), AsyncGenerator[DocsEvent])
    await sortie.messaging.create_job("user", timeout="1")  # type: ignore[call-arg]
