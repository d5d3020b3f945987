"""Watchers that hear nothing for long, on a stack with short timeouts."""

import json
import time
from urllib.parse import urlencode

from websockets.sync.client import connect

from tests.e2e.fleets import ABSENT, fleet, in_seconds
from tests.shared_stack import FRAGILE, STACKS


def test_watcher_of_a_later_mission_outlives_the_idle_timeout(stack, cloud, make_partner) -> None:
    idle = STACKS[FRAGILE]["timeouts"].idle
    states = []

    with fleet(cloud, make_partner(), [ABSENT]) as made:
        job_id = made.fly(scheduledAt=in_seconds(3600))
        query = urlencode({"token": made.partner.token, "resourceId": job_id})
        with connect(f"{stack.websocket_url}?{query}", open_timeout=30) as socket:
            socket.send("ignored")
            end = time.monotonic() + 1.5 * idle
            while time.monotonic() < end:
                states.append(json.loads(socket.recv(idle))["jobState"])

    assert len(states) > 2
    assert set(states) == {"PENDING"}
