"""The composition root's part for documentation agents; `jobs.core.wiring` says how it works."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING

from jobs.core import wiring as bootstrap
from jobs.missions import wiring as mission_bootstrap

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

    from jobs.core.dispatch_job import DispatchJob
    from jobs.core.job import Millis
    from jobs.core.ports import Delivery
    from jobs.docs.adapters.dynamodb.branches import DynamoBranches
    from jobs.docs.adapters.dynamodb.jobs import DynamoDocsJobs
    from jobs.docs.adapters.dynamodb.output import DynamoOutputLog
    from jobs.docs.adapters.dynamodb.projects import DynamoProjects
    from jobs.docs.create_docs_job import CreateDocsJob
    from jobs.docs.docs_job import Project
    from jobs.docs.follow_up import FollowUp
    from jobs.docs.free_branch import FreeBranch
    from jobs.docs.limit_requests import LimitDocsRequests
    from jobs.docs.ports import ToolModel
    from jobs.docs.read_docs_jobs import GetDocsJob, ListDocsJobs
    from jobs.docs.run_docs_job import RunDocsJob
    from jobs.docs.tail import Tail
    from jobs.kit.aws.sqs import SqsJobQueue
    from jobs.kit.outbound.sse import EventStream


# ── What the API does ───────────────────────────────────────────────────────────


@cache
def create_docs_job() -> CreateDocsJob:
    from jobs.docs.create_docs_job import CreateDocsJob

    return CreateDocsJob(
        repository=bootstrap.repository(),
        projects=projects(),
        limit=_limit(),
        clock=bootstrap.now,
        retention=_retention(),
    )


@cache
def follow_up() -> FollowUp:
    from jobs.docs.follow_up import FollowUp

    return FollowUp(
        jobs=docs_jobs(),
        get_docs_job=get_docs_job(),
        limit=_limit(),
        clock=bootstrap.now,
        retention=_retention(),
    )


@cache
def get_docs_job() -> GetDocsJob:
    from jobs.docs.read_docs_jobs import GetDocsJob

    return GetDocsJob(projects=projects(), get_job=bootstrap.get_job())


@cache
def list_docs_jobs() -> ListDocsJobs:
    from jobs.docs.read_docs_jobs import ListDocsJobs

    return ListDocsJobs(projects=projects(), jobs=docs_jobs(), clock=bootstrap.now)


def _retention() -> Millis:
    return int(os.environ["RETENTION_HOURS"]) * 3600_000


@cache
def _limit() -> LimitDocsRequests:
    from jobs.docs.limit_requests import LimitDocsRequests

    return LimitDocsRequests(
        repository=bootstrap.repository(), limit_rate=mission_bootstrap.limit_rate()
    )


@cache
def tail() -> Tail:
    from jobs.docs.tail import Tail

    return Tail(log=output_log(), repository=bootstrap.repository(), clock=bootstrap.now)


# ── What it stands on ───────────────────────────────────────────────────────────


@cache
def docs_jobs() -> DynamoDocsJobs:
    from jobs.docs.adapters.dynamodb.jobs import DynamoDocsJobs

    return DynamoDocsJobs(bootstrap.dynamodb(), os.environ["JOB_TABLE"], bootstrap.now)


@cache
def projects() -> DynamoProjects:
    from jobs.docs.adapters.dynamodb.projects import DynamoProjects

    return DynamoProjects(bootstrap.dynamodb(), os.environ["REGISTRY_TABLE"], bootstrap.now)


@cache
def docs_queue() -> SqsJobQueue:
    from jobs.kit.aws.sqs import SqsJobQueue

    return SqsJobQueue(bootstrap.sqs(), os.environ["DOCS_QUEUE_URL"])


def docs_delivery(receipt_handle: str) -> Delivery:
    from jobs.kit.aws.sqs import SqsDelivery

    return SqsDelivery(bootstrap.sqs(), os.environ["DOCS_QUEUE_URL"], receipt_handle)


@cache
def branches() -> DynamoBranches:
    from jobs.docs.adapters.dynamodb.branches import DynamoBranches

    return DynamoBranches(bootstrap.dynamodb(), os.environ["JOB_TABLE"], bootstrap.now)


@cache
def output_log() -> DynamoOutputLog:
    from jobs.docs.adapters.dynamodb.output import DynamoOutputLog

    return DynamoOutputLog(bootstrap.dynamodb(), os.environ["OUTPUT_TABLE"])


@cache
def dispatch_docs_job() -> DispatchJob:
    from jobs.core.dispatch_job import DispatchJob

    return DispatchJob(timers=bootstrap.timers(), queue=docs_queue())


@cache
def free_branch() -> FreeBranch:
    from jobs.docs.free_branch import FreeBranch

    return FreeBranch(branches=branches(), queue=docs_queue())


@cache
def run_docs_job() -> RunDocsJob:
    from jobs.docs.adapters.git.github import GitHubPullRequests
    from jobs.docs.adapters.git.repositories import GitRepositories
    from jobs.docs.adapters.git.wire import Limits
    from jobs.docs.agent.loop import DocsAgent
    from jobs.docs.run_docs_job import RunDocsJob

    return RunDocsJob(
        repository=bootstrap.repository(),
        branches=branches(),
        free=free_branch(),
        projects=projects(),
        repositories=GitRepositories(bootstrap.secrets(), bootstrap.now, Limits()),
        pull_requests=GitHubPullRequests(bootstrap.secrets()),
        log=output_log(),
        write=DocsAgent(models=tool_model, clock=bootstrap.now),
        clock=bootstrap.now,
        sleep=time.sleep,
    )


def tool_model(project: Project, name: str) -> ToolModel:
    """Return what a project calls `sonnet` or `opus`. Raises `AgentError` if that is nothing."""
    from jobs.core.errors import AgentError
    from jobs.docs.adapters.models.bedrock import BedrockTools
    from jobs.docs.adapters.models.openai import OpenAiTools
    from jobs.docs.adapters.models.scripted import ScriptedModel

    settings, model = project.settings, project.models.get(name)
    match project.provider:
        case "scripted":
            return ScriptedModel(bootstrap.now)
        case "openai" if model:
            secret = settings.get("apiKeySecret")
            key = bootstrap.secrets().read(secret) if secret else None
            return OpenAiTools(_event_stream(), settings, model, key)
        case "bedrock" if model:
            return BedrockTools(_bedrock(), settings, model, bootstrap.now)
        case _:
            raise AgentError(f"The project has no model {name}")


@cache
def _event_stream() -> EventStream:
    from jobs.kit.outbound.sse import EventStream

    return EventStream(bootstrap.now)


@cache
def _bedrock() -> BedrockRuntimeClient:
    from jobs.kit.aws.client import PATIENT

    made: BedrockRuntimeClient = bootstrap.client("bedrock-runtime", PATIENT)
    return made
