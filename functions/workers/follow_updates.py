"""SQS queue of updates: follow up readings of devices, notify watchers, remove expired shares."""

from typing import Any, Final

from jobs.kit import lambda_handler as runtime
from jobs.kit.clock import Millis
from jobs.missions.device import StoredReading
from jobs.tracking.adapters.updates import parse_update
from jobs.tracking.change import MissionChange
from jobs.tracking.share import ShareExpiry
from jobs.tracking.wiring import wiring

MAX_AGE_MS: Final = 10_000
"""Watchers do not get an older reading: newer ones wait behind it."""


def follow(record: Any) -> None:
    update = parse_update(record["body"])
    match update:
        case StoredReading():
            follow_reading(update, sent_at=int(record["attributes"]["SentTimestamp"]))
        case ShareExpiry():  # the table's stream drops its viewers
            wiring.shares.remove(update.id, update.resource)
        case MissionChange():
            wiring.notify_watchers.notify_change(update)


def follow_reading(update: StoredReading, *, sent_at: Millis) -> None:
    state = wiring.missions.follow_reading(update)
    if state is not None and wiring.core.clock() < sent_at + MAX_AGE_MS:
        wiring.notify_watchers.notify_reading(state)
    if update.point is not None:  # after the watchers, who do not wait for it
        wiring.missions.keep_track(update.point)


lambda_handler = runtime.queue(
    follow,
    needs=lambda: (
        wiring.notify_watchers,
        wiring.missions.follow_reading,
        wiring.missions.keep_track,
        wiring.shares,
    ),
)
