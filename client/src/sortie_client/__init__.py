"""Client of Sortie: jobs for AI agents, drones and documentation agents.

with Sortie() as sortie:
    job = sortie.messaging.create_and_wait_for_job(user_id, "What is a sortie?")
    print(job.result.message.content)
"""

from sortie_client._core.flow import Offer
from sortie_client._core.retry import RetryPolicy
from sortie_client.admin.models import AuditRecord, Entry, Key, Tenant, Usage
from sortie_client.client import AsyncSortie, Sortie
from sortie_client.docs.models import DocsEvent, DocsJob, DocsJobDetails
from sortie_client.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    InvalidIdError,
    JobFailedError,
    NotConfiguredError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    SortieError,
    StillRunningError,
    UnexpectedResponseError,
)
from sortie_client.messaging.models import (
    Agent,
    CreatedJob,
    Job,
    JobPage,
    JobsHealth,
    JobStatus,
    Restart,
)
from sortie_client.missions.models import (
    DeviceGroup,
    Mission,
    MissionPage,
    MissionStatus,
    MissionSummary,
    Share,
    TrackingUpdate,
)
from sortie_client.sessions.models import MessagePage, SentMessage, Session, SessionMessage
from sortie_client.settings import DocsCredentials, MissionsCredentials, Settings
from sortie_client.webhooks.models import Delivery, Webhook

__all__ = [
    "Agent",
    "ApiError",
    "AsyncSortie",
    "AuditRecord",
    "AuthenticationError",
    "BadRequestError",
    "ConflictError",
    "ConnectionFailedError",
    "CreatedJob",
    "Delivery",
    "DeviceGroup",
    "DocsCredentials",
    "DocsEvent",
    "DocsJob",
    "DocsJobDetails",
    "Entry",
    "InvalidIdError",
    "Job",
    "JobFailedError",
    "JobPage",
    "JobStatus",
    "JobsHealth",
    "Key",
    "MessagePage",
    "Mission",
    "MissionPage",
    "MissionStatus",
    "MissionSummary",
    "MissionsCredentials",
    "NotConfiguredError",
    "NotFoundError",
    "Offer",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitedError",
    "Restart",
    "RetryPolicy",
    "SentMessage",
    "ServerError",
    "Session",
    "SessionMessage",
    "Settings",
    "Share",
    "Sortie",
    "SortieError",
    "StillRunningError",
    "Tenant",
    "TrackingUpdate",
    "UnexpectedResponseError",
    "Usage",
    "Webhook",
]
