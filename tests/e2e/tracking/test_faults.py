"""Watchers that hear nothing for long, on a stack with short timeouts."""

import json
import time
from contextlib import ExitStack
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

from tests.e2e.fleets import ABSENT, fleet, in_seconds
from tests.shared_stack import FRAGILE, STACKS


def test_watchers_of_quiet_resources_outlive_the_idle_timeout(stack, cloud, make_partner) -> None:
    idle = STACKS[FRAGILE]["timeouts"].idle
    mission, group = [], []

    with fleet(cloud, make_partner(), [ABSENT]) as made, ExitStack() as watching:

        def watch(resource: str) -> ClientConnection:
            query = urlencode({"token": made.partner.token, "resourceId": resource})
            socket = connect(f"{stack.websocket_url}?{query}", open_timeout=30)
            return watching.enter_context(socket)

        sockets = watch(made.fly(scheduledAt=in_seconds(3600))), watch(made.group)
        sockets[0].send("ignored")
        end = time.monotonic() + 1.5 * idle
        while time.monotonic() < end:
            mission.append(json.loads(sockets[0].recv(idle)))
            group.append(json.loads(sockets[1].recv(idle)))

    assert len(mission) > 2
    assert {each["jobState"] for each in mission} == {"PENDING"}
    assert {each["deviceId"] for each in group} == set(made.devices)
