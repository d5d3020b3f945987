"""The composition root: with its half for missions the only one that knows ports and adapters.

Factories are cached per execution environment and run on first use, so
importing a handler touches neither AWS nor the environment. Each imports what
it makes: a cold start pays for its own function's parts only.
"""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient

    from jobs.auth.authenticate import Authenticate
    from jobs.core.adapters.dynamodb.counters import DynamoJobCounters
    from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
    from jobs.core.cancel_job import CancelJob
    from jobs.core.create_job import CreateJob
    from jobs.core.dispatch_job import DispatchJob
    from jobs.core.end_dead_letter import EndDeadLetter
    from jobs.core.expire_job import ExpireJob
    from jobs.core.get_job import GetJob
    from jobs.core.job import Millis
    from jobs.core.list_jobs import ListJobs
    from jobs.core.ports import Delivery
    from jobs.core.wait_for_job import WaitForJob
    from jobs.kit.aws.secrets import SecretsManager
    from jobs.kit.aws.stepfunctions import StepFunctionsTimers
    from jobs.kit.outbound.rest import RestClient
    from jobs.messaging.adapters.providers.provider import Provider
    from jobs.messaging.adapters.providers.remote import RemoteProvider
    from jobs.messaging.adapters.registry import DynamoRegistry
    from jobs.messaging.choose_agent import ChooseAgent
    from jobs.messaging.poll_remote_job import PollRemoteJob
    from jobs.messaging.run_agent_job import RunAgentJob


def now() -> Millis:
    return time.time_ns() // 1_000_000


def default_timeout() -> Millis:
    return int(os.environ["DEFAULT_TIMEOUT_MS"])


def payments() -> str:
    """Return the `PaymentsMode`, by name: where they are off, nothing of them is imported."""
    return os.environ["PAYMENTS"]


# ── What the API functions do ───────────────────────────────────────────────────


@cache
def choose_agent() -> ChooseAgent:
    from jobs.messaging.choose_agent import ChooseAgent

    return ChooseAgent(registry=registry())


@cache
def create_job() -> CreateJob:
    from jobs.core.create_job import CreateJob

    retention = int(os.environ["RETENTION_HOURS"]) * 3600 * 1000
    return CreateJob(repository=repository(), clock=now, retention=retention)


@cache
def wait_for_job() -> WaitForJob:
    from jobs.core.wait_for_job import WaitForJob

    return WaitForJob(repository=repository(), clock=now, sleep=time.sleep)


@cache
def get_job() -> GetJob:
    from jobs.core.get_job import GetJob

    return GetJob(repository=repository(), clock=now)


@cache
def list_jobs() -> ListJobs:
    from jobs.core.adapters.cursors import CursorSigner
    from jobs.core.list_jobs import ListJobs

    signer = CursorSigner(secrets(), os.environ["CURSOR_SECRET_ARN"])
    return ListJobs(repository=repository(), counters=counters(), signer=signer, clock=now)


@cache
def cancel_job() -> CancelJob:
    from jobs.core.cancel_job import CancelJob

    return CancelJob(repository=repository(), clock=now)


@cache
def authenticate() -> Authenticate:
    from jobs.auth.authenticate import Authenticate

    return Authenticate(registry=registry(), clock=now)


# ── What the workers do ─────────────────────────────────────────────────────────


@cache
def dispatch_job() -> DispatchJob:
    from jobs.core.dispatch_job import DispatchJob
    from jobs.kit.aws.sqs import SqsJobQueue

    queue = SqsJobQueue(sqs(), os.environ["AGENT_QUEUE_URL"])
    return DispatchJob(timers=timers(), queue=queue)


@cache
def run_agent_job() -> RunAgentJob:
    from jobs.messaging.run_agent_job import RunAgentJob
    from jobs.sessions import wiring as session_bootstrap

    return RunAgentJob(
        repository=session_bootstrap.repository(),
        registry=registry(),
        providers=provider,
        timers=timers(),
        take_turn=session_bootstrap.take_turn(),
        clock=now,
    )


@cache
def poll_remote_job() -> PollRemoteJob:
    from jobs.messaging.poll_remote_job import PollRemoteJob
    from jobs.sessions import wiring as session_bootstrap

    jobs = session_bootstrap.repository()
    return PollRemoteJob(repository=jobs, registry=registry(), remote=_remote(), clock=now)


@cache
def expire_job() -> ExpireJob:
    from jobs.core.expire_job import ExpireJob

    return ExpireJob(repository=repository())


@cache
def end_dead_letter() -> EndDeadLetter:
    from jobs.core.end_dead_letter import EndDeadLetter

    return EndDeadLetter(repository=repository(), clock=now)


# ── What they stand on ──────────────────────────────────────────────────────────


@cache
def repository() -> DynamoJobRepository:
    from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository

    return DynamoJobRepository(dynamodb(), os.environ["JOB_TABLE"], now)


@cache
def counters() -> DynamoJobCounters:
    from jobs.core.adapters.dynamodb.counters import DynamoJobCounters

    return DynamoJobCounters(dynamodb(), os.environ["COUNTER_TABLE"], now)


@cache
def registry() -> DynamoRegistry:
    from jobs.messaging.adapters.registry import DynamoRegistry

    return DynamoRegistry(dynamodb(), os.environ["REGISTRY_TABLE"], now)


@cache
def timers() -> StepFunctionsTimers:
    from jobs.kit.aws.stepfunctions import StepFunctionsTimers

    return StepFunctionsTimers(
        client("stepfunctions"),
        time_out_arn=os.environ["JOB_TIMEOUT_ARN"],
        poll_arn=os.environ["JOB_POLL_ARN"],
    )


@cache
def secrets() -> SecretsManager:
    from jobs.kit.aws.secrets import SecretsManager

    return SecretsManager(client("secretsmanager"), now)


def agent_delivery(receipt_handle: str) -> Delivery:
    from jobs.kit.aws.sqs import SqsDelivery

    return SqsDelivery(sqs(), os.environ["AGENT_QUEUE_URL"], receipt_handle)


@cache
def provider(name: str) -> Provider:
    """Return an agent's provider, or raise `AgentError` if there is none of this name."""
    from jobs.core.errors import AgentError
    from jobs.messaging.adapters.providers.bedrock import BedrockProvider
    from jobs.messaging.adapters.providers.echo import EchoProvider
    from jobs.messaging.adapters.providers.openai import OpenAiProvider

    match name:
        case "echo":
            return EchoProvider()
        case "bedrock":
            return BedrockProvider(_bedrock())
        case "openai":
            return OpenAiProvider(_rest(), secrets())
        case "remote":
            return _remote()
        case _:
            raise AgentError("The agent's provider is not known")


@cache
def _remote() -> RemoteProvider:
    from jobs.messaging.adapters.providers.remote import RemoteProvider

    return RemoteProvider(_rest(), secrets(), now)


@cache
def _rest() -> RestClient:
    from jobs.kit.outbound.rest import RestClient

    return RestClient(now)


@cache
def dynamodb() -> DynamoDBClient:
    made: DynamoDBClient = client("dynamodb")
    return made


@cache
def sqs() -> SQSClient:
    made: SQSClient = client("sqs")
    return made


@cache
def _bedrock() -> BedrockRuntimeClient:
    from jobs.kit.aws.client import PATIENT

    made: BedrockRuntimeClient = client("bedrock-runtime", PATIENT)
    return made


def client(service: str, config: Any = None, *, endpoint_url: str | None = None) -> Any:
    """Make a low-level client: boto3's, without boto3, whose import would cost a tenth more."""
    from jobs.kit.aws.client import CONFIG

    return _session().create_client(service, config=config or CONFIG, endpoint_url=endpoint_url)


@cache
def _session() -> Session:
    from botocore.session import get_session

    return get_session()
