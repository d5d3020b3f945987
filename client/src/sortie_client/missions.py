"""Missions of docked drones, as jobs: `sortie.missions`. What comes back is in `mission_models`."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

from sortie_client._calls import Reconnecting, Retries, call, new_key
from sortie_client._decode import decode
from sortie_client._flow import Answer, Connect, Flow, Give, Giving, Read, Request
from sortie_client._operation import operation, stream
from sortie_client._polling import until
from sortie_client._wire import path, present
from sortie_client.errors import (
    AuthenticationError,
    ConnectionFailedError,
    JobFailedError,
    NotConfiguredError,
    UnexpectedAnswerError,
)
from sortie_client.mission_models import (
    DeviceGroup,
    Mission,
    MissionBrief,
    MissionPage,
    MissionStatus,
    NewShare,
    Resources,
    Share,
    Shares,
    Sighting,
)
from sortie_client.settings import MissionsKeys
from sortie_client.webhooks import Webhook

_EARLY_S: Final = 60.0
"""So long before its end a token is no longer used."""


class MissionsCalls:
    """Calls get themselves a token, and another one when that is over."""

    def __init__(
        self,
        player: Any,
        keys: MissionsKeys | None,
        websocket_url: str | None,
        retries: Retries,
    ) -> None:
        self._player = player
        self._keys = keys
        self._websocket_url = websocket_url
        self._retries = retries
        self._kept: str | None = None
        self._good_until = 0.0

    @operation
    def get_token(self) -> Flow[str]:
        """Return an access token for an hour, the same until shortly before its end."""
        return (yield from self._token())

    @operation
    def create_job(
        self,
        name: str,
        device_group_id: str,
        *,
        mission_id: str | None = None,
        device_id: str | None = None,
        description: str | None = None,
        priority: int | None = None,
        scheduled_at: datetime | None = None,
        metadata: Mapping[str, Any] | None = None,
        webhook: Webhook | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[MissionBrief]:
        """Ask for a mission: now or at a time (with its offset), by any drone of a group or one."""
        body = present(
            name=name,
            deviceGroupId=device_group_id,
            missionId=mission_id,
            deviceId=device_id,
            description=description,
            priority=priority,
            scheduledAt=scheduled_at.isoformat() if scheduled_at else None,
            metadata=metadata,
            webhook=webhook.body if webhook else None,
        )
        key = new_key(idempotency_key)
        answer = yield from self._call("POST", "/v3/jobs/create", body=body, headers=key)
        return decode(MissionBrief, answer.part("job"))

    @operation
    def get_job(self, job_id: str) -> Flow[Mission]:
        return (yield from self._job(job_id))

    @operation
    def list_jobs(
        self,
        *,
        status: MissionStatus | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Flow[MissionPage]:
        """List your organisation's missions, newest first."""
        query = {"status": status, "limit": limit, "cursor": cursor}
        answer = yield from self._call("GET", "/v3/jobs", query=query)
        return decode(MissionPage, answer.json)

    @operation
    def update_job(
        self,
        job_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        priority: int | None = None,
    ) -> Flow[Mission]:
        """Change a mission that is not being flown yet, and return it."""
        body = present(name=name, description=description, priority=priority)
        yield from self._call("PATCH", path("v3", "jobs", job_id), body=body)
        return (yield from self._job(job_id))

    @operation
    def cancel_job(self, job_id: str) -> Flow[None]:
        """Call off a mission that is not being flown yet; else raises `BadRequestError`."""
        yield from self._call("POST", path("v3", "jobs", job_id, "cancel"), repeatable=False)

    @operation
    def delete_job(self, job_id: str) -> Flow[None]:
        """Forget a mission, unless it is being flown: then raises `ConflictError`."""
        yield from self._call("DELETE", path("v3", "jobs", job_id), repeatable=False)

    @operation
    def poll_job(
        self, job_id: str, interval: float = 2.0, max_attempts: int | None = None
    ) -> Giving[Mission, Mission]:
        """Wait for a mission's end. Raises `JobFailedError`, `StillRunningError`."""
        mission = yield from until(
            lambda: self._job(job_id),
            lambda mission: mission.status.is_over,
            interval=interval,
            max_attempts=max_attempts,
        )
        if mission.status is not MissionStatus.COMPLETED:
            raise JobFailedError(mission.error or f"The mission is {mission.status}", mission)
        return mission

    @stream
    def watch(self, resource_id: str) -> Giving[Sighting, None]:
        """Follow a mission or a device group live: how it stands, then what changes.

        Over when the mission is; a connection that is lost is made again. Wants the extra `watch`.
        """
        reconnecting = Reconnecting(self._retries)
        while True:
            broken: ConnectionFailedError | None = None
            try:
                yield Connect((yield from self._socket_url(resource_id)))
                while (message := (yield Read())) is not None:
                    reconnecting.got_something()
                    seen = _sighting(message)
                    yield Give(seen)
                    if seen.is_last:
                        return
            except ConnectionFailedError as error:
                broken = error
            yield reconnecting.pause(broken)

    @operation
    def list_resources(self) -> Flow[Sequence[DeviceGroup]]:
        """List your organisation's groups of drones, and whether they are online."""
        answer = yield from self._call("GET", "/v3/resources")
        return decode(Resources, answer.json).resources

    @operation
    def create_share(
        self,
        resource_id: str,
        *,
        expires_in: int,
        share_type: Literal["STREAM", "DEVICE_STATUS"] = "STREAM",
        max_viewers: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[NewShare]:
        """Let others watch for so many seconds; `share_url` is a live map for browsers."""
        body = present(
            resourceId=resource_id,
            shareType=share_type,
            permissions=["view"],
            expiresIn=expires_in,
            maxViewers=max_viewers,
            metadata=metadata,
        )
        key = new_key(idempotency_key)
        answer = yield from self._call("POST", "/v3/streams/share", body=body, headers=key)
        return decode(NewShare, answer.part("share"))

    @operation
    def get_share(self, share_code: str) -> Flow[Share]:
        answer = yield from self._call("GET", path("v3", "shares", share_code))
        return decode(Share, answer.part("share"))

    @operation
    def list_shares(self) -> Flow[Sequence[Share]]:
        answer = yield from self._call("GET", "/v3/shares")
        return decode(Shares, answer.json).shares

    @operation
    def revoke_share(self, share_code: str) -> Flow[None]:
        """End a share; who watches by it is disconnected."""
        yield from self._call("DELETE", path("v3", "shares", share_code), repeatable=False)

    def _job(self, job_id: str) -> Flow[Mission]:
        answer = yield from self._call("GET", path("v3", "jobs", job_id))
        return decode(Mission, answer.part("job"))

    def _call(
        self, method: str, where: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Flow[Answer]:
        """Ask with a token; with another one if the one that was kept is refused."""
        for kept in (self._kept, None):
            bearer = {"Authorization": f"Bearer {(yield from self._token())}"}
            asked = Request(
                method=method, path=where, headers={**bearer, **(headers or {})}, **more
            )
            try:
                return (yield from call(asked, self._retries))
            except AuthenticationError:
                if kept is None:
                    raise
                self._kept = None
        raise AssertionError

    def _token(self) -> Flow[str]:
        if self._kept is not None and time.monotonic() < self._good_until:
            return self._kept
        if self._keys is None:
            raise NotConfiguredError(
                "Missions need SORTIE_MISSIONS_API_KEY, SORTIE_CLIENT_ID and SORTIE_CLIENT_SECRET,"
                " or Settings(missions=…)"
            )
        asked = time.monotonic()
        request = Request(
            method="POST",
            path="/v3/auth/token",
            headers={"X-API-Key": self._keys.api_key},
            body={
                "grant_type": "client_credentials",
                "client_id": self._keys.client_id,
                "client_secret": self._keys.client_secret,
            },
        )
        answer = yield from call(request, self._retries)
        try:
            token, seconds = str(answer.json["access_token"]), float(answer.json["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnexpectedAnswerError("There is no token in the answer") from error
        self._kept, self._good_until = token, asked + seconds - _EARLY_S
        return token

    def _socket_url(self, resource_id: str) -> Flow[str]:
        if self._websocket_url is None:
            raise NotConfiguredError(
                "Watching needs SORTIE_WEBSOCKET_URL, or Settings(websocket_url=…)"
            )
        token = yield from self._token()
        return f"{self._websocket_url}?{urlencode({'token': token, 'resourceId': resource_id})}"


def _sighting(message: str | bytes) -> Sighting:
    try:
        return decode(Sighting, json.loads(message))
    except ValueError as error:
        raise UnexpectedAnswerError("What was sent to watchers is no JSON") from error
