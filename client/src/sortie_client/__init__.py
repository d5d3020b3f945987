"""Client of Sortie: jobs for AI agents, drones and documentation agents.

with Sortie() as sortie:
    job = sortie.messaging.create_and_wait_for_job(user_id, "What is a sortie?")
    print(job.result.message.content)
"""

from sortie_client._calls import Retries
from sortie_client._flow import Offer
from sortie_client.client import AsyncSortie, Sortie
from sortie_client.docs import AgentJob, DocsEvent, Session
from sortie_client.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    JobFailedError,
    NotConfiguredError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    SortieError,
    StillRunningError,
    UnexpectedAnswerError,
)
from sortie_client.messaging_models import Agent, CreatedJob, Job, JobPage, JobsHealth, JobStatus
from sortie_client.mission_models import (
    DeviceGroup,
    Mission,
    MissionBrief,
    MissionPage,
    MissionStatus,
    Sighting,
)
from sortie_client.session_models import Conversation, Said, SaidPage, Sent
from sortie_client.settings import DocsKeys, MissionsKeys, Settings
from sortie_client.webhooks import Delivery, Webhook

__all__ = [
    "Agent",
    "AgentJob",
    "ApiError",
    "AsyncSortie",
    "AuthenticationError",
    "BadRequestError",
    "ConflictError",
    "ConnectionFailedError",
    "Conversation",
    "CreatedJob",
    "Delivery",
    "DeviceGroup",
    "DocsEvent",
    "DocsKeys",
    "Job",
    "JobFailedError",
    "JobPage",
    "JobStatus",
    "JobsHealth",
    "Mission",
    "MissionBrief",
    "MissionPage",
    "MissionStatus",
    "MissionsKeys",
    "NotConfiguredError",
    "NotFoundError",
    "Offer",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitedError",
    "Retries",
    "Said",
    "SaidPage",
    "Sent",
    "ServerError",
    "Session",
    "Settings",
    "Sighting",
    "Sortie",
    "SortieError",
    "StillRunningError",
    "UnexpectedAnswerError",
    "Webhook",
]
