"""The missions API: `sortie.missions`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from sortie_client._core.flow import Connect, Emit, Flow, Receive, StreamFlow
from sortie_client._core.http import path, without_none
from sortie_client._core.models import decode
from sortie_client._core.operation import operation, stream
from sortie_client._core.polling import poll
from sortie_client._core.retry import Reconnection, RetryPolicy, idempotency_header
from sortie_client.errors import (
    AuthenticationError,
    ConnectionFailedError,
    JobFailedError,
    NotConfiguredError,
    PermissionDeniedError,
    UnexpectedResponseError,
)
from sortie_client.missions.models import (
    CreatedShare,
    DeviceGroup,
    Mission,
    MissionPage,
    MissionStatus,
    MissionSummary,
    Plan,
    PlanList,
    ResourceList,
    Share,
    ShareList,
    TrackingUpdate,
)
from sortie_client.missions.token_api import TokenApi
from sortie_client.missions.token_file import TokenFile
from sortie_client.settings import MissionsCredentials
from sortie_client.webhooks.models import Webhook


class MissionsApi[R](TokenApi[R]):
    def __init__(
        self,
        runner: R,
        retry_policy: RetryPolicy,
        credentials: MissionsCredentials | None,
        websocket_url: str | None,
        token_file: TokenFile | None,
    ) -> None:
        super().__init__(runner, retry_policy, credentials, token_file)
        self._websocket_url = websocket_url

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
    ) -> Flow[MissionSummary]:
        """Request a mission of any drone of a group, or of `device_id`.

        `scheduled_at`: when it starts, with a UTC offset; by default at once.
        """
        body = without_none(
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
        headers = idempotency_header(idempotency_key)
        response = yield from self._call("POST", "/v3/jobs/create", body=body, headers=headers)
        return decode(MissionSummary, response.field("job"))

    @operation
    def get_job(self, job_id: str, *, track: bool = False) -> Flow[Mission]:
        """Return a mission. `track`: also where the drone was during its flight."""
        return (yield from self._get_job(job_id, track=track))

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
        response = yield from self._call("GET", "/v3/jobs", query=query)
        return decode(MissionPage, response.json)

    @operation
    def update_job(
        self,
        job_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        priority: int | None = None,
        scheduled_at: datetime | None = None,
    ) -> Flow[Mission]:
        """Change a mission that has not started, and return it.

        Only a PENDING mission takes `scheduled_at`.
        """
        body = without_none(
            name=name,
            description=description,
            priority=priority,
            scheduledAt=scheduled_at and scheduled_at.astimezone().isoformat(),
        )
        yield from self._call("PATCH", path("v3", "jobs", job_id), body=body)
        return (yield from self._get_job(job_id))

    @operation
    def cancel_job(self, job_id: str) -> Flow[None]:
        """Cancel a mission. Raises `BadRequestError` if it has already started."""
        yield from self._call("POST", path("v3", "jobs", job_id, "cancel"), idempotent=False)

    @operation
    def delete_job(self, job_id: str) -> Flow[None]:
        """Delete a mission. Raises `ConflictError` while a drone flies it."""
        yield from self._call("DELETE", path("v3", "jobs", job_id), idempotent=False)

    @operation
    def poll_job(
        self, job_id: str, interval: float = 2.0, max_attempts: int | None = None
    ) -> StreamFlow[Mission, Mission]:
        """Poll a mission every `interval` seconds and return it once it is completed.

        Raises `JobFailedError`, and `StillRunningError` after `max_attempts` polls.
        """
        mission = yield from poll(
            lambda: self._get_job(job_id),
            lambda mission: mission.status.is_terminal,
            interval=interval,
            max_attempts=max_attempts,
        )
        if mission.status is not MissionStatus.COMPLETED:
            text = mission.error or f"The mission ended with status {mission.status}"
            raise JobFailedError(text, mission)
        return mission

    @stream
    def watch(self, resource_id: str) -> StreamFlow[TrackingUpdate, None]:
        """Track a mission or a device group live: its current state, then each change.

        Ends with the mission. Reconnects a lost connection. Needs the extra `watch`.
        """
        reconnection = Reconnection(self._retry_policy)
        while True:
            failure: ConnectionFailedError | None = None
            try:
                yield from self._connect(resource_id)
                while (message := (yield Receive())) is not None:
                    reconnection.reset()
                    update = _decode_update(message)
                    yield Emit(update)
                    if update.is_last:
                        return
            except ConnectionFailedError as error:
                failure = error
            yield reconnection.backoff(failure)

    @operation
    def list_resources(self) -> Flow[Sequence[DeviceGroup]]:
        """List your organisation's device groups and the status of their drones."""
        response = yield from self._call("GET", "/v3/resources")
        return decode(ResourceList, response.json).resources

    @operation
    def list_plans(self) -> Flow[Sequence[Plan]]:
        """List all missions that your organisation's drones can fly."""
        plans: list[Plan] = []
        cursor: str | None = None
        while True:
            response = yield from self._call("GET", "/v3/missions", query={"cursor": cursor})
            page = decode(PlanList, response.json)
            plans += page.missions
            if (cursor := page.next_cursor) is None:
                return plans

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
    ) -> Flow[CreatedShare]:
        """Let others watch a mission or device group for `expires_in` seconds.

        `share_url` of the result opens a live map in a browser.
        """
        body = without_none(
            resourceId=resource_id,
            shareType=share_type,
            permissions=["view"],
            expiresIn=expires_in,
            maxViewers=max_viewers,
            metadata=metadata,
        )
        headers = idempotency_header(idempotency_key)
        response = yield from self._call("POST", "/v3/streams/share", body=body, headers=headers)
        return decode(CreatedShare, response.field("share"))

    @operation
    def get_share(self, share_code: str) -> Flow[Share]:
        response = yield from self._call("GET", path("v3", "shares", share_code))
        return decode(Share, response.field("share"))

    @operation
    def list_shares(self) -> Flow[Sequence[Share]]:
        """List all live shares."""
        shares: list[Share] = []
        cursor: str | None = None
        while True:
            response = yield from self._call("GET", "/v3/shares", query={"cursor": cursor})
            page = decode(ShareList, response.json)
            shares += page.shares
            if (cursor := page.next_cursor) is None:
                return shares

    @operation
    def revoke_share(self, share_code: str) -> Flow[None]:
        """End a share and disconnect its viewers."""
        yield from self._call("DELETE", path("v3", "shares", share_code), idempotent=False)

    def _get_job(self, job_id: str, *, track: bool = False) -> Flow[Mission]:
        query = {"track": "true" if track else None}
        response = yield from self._call("GET", path("v3", "jobs", job_id), query=query)
        return decode(Mission, response.field("job"))

    def _connect(self, resource_id: str) -> Flow[None]:
        """Connect once more, with a new token, if the server refuses a kept one."""
        is_kept = self._has_token
        try:
            yield Connect((yield from self._tracking_url(resource_id)))
        except (AuthenticationError, PermissionDeniedError):
            if not is_kept:
                raise
            self._forget_token()
            yield Connect((yield from self._tracking_url(resource_id)))

    def _tracking_url(self, resource_id: str) -> Flow[str]:
        if self._websocket_url is None:
            raise NotConfiguredError(
                "The WebSocket URL is missing. Set SORTIE_WEBSOCKET_URL, or pass"
                " Settings(websocket_url=…)"
            )
        token = yield from self._get_token()
        return f"{self._websocket_url}?{urlencode({'token': token, 'resourceId': resource_id})}"


def _decode_update(message: str | bytes) -> TrackingUpdate:
    try:
        return decode(TrackingUpdate, json.loads(message))
    except ValueError as error:
        raise UnexpectedResponseError("A tracking message is not JSON") from error
