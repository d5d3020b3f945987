"""The composition root's part for documentation agents; `jobs.bootstrap` says how it works."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING

from jobs import bootstrap, mission_bootstrap

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

    from jobs.adapters.dynamodb.branches import DynamoBranches
    from jobs.adapters.dynamodb.docs_jobs import DynamoDocsJobs
    from jobs.adapters.dynamodb.output import DynamoOutputLog
    from jobs.adapters.dynamodb.projects import DynamoProjects
    from jobs.adapters.sqs import SqsJobQueue
    from jobs.agents.sse import EventStream
    from jobs.docs_ports import ToolModel
    from jobs.domain.docs import Project
    from jobs.domain.job import Millis
    from jobs.ports import Delivery
    from jobs.services.create_docs_job import CreateDocsJob
    from jobs.services.dispatch_job import DispatchJob
    from jobs.services.follow_up import FollowUp
    from jobs.services.free_branch import FreeBranch
    from jobs.services.limit_docs_requests import LimitDocsRequests
    from jobs.services.read_docs_jobs import GetDocsJob, ListDocsJobs
    from jobs.services.run_docs_job import RunDocsJob
    from jobs.streaming.tail import Tail


# ── What the API does ───────────────────────────────────────────────────────────


@cache
def create_docs_job() -> CreateDocsJob:
    from jobs.services.create_docs_job import CreateDocsJob

    return CreateDocsJob(
        repository=bootstrap.repository(),
        projects=projects(),
        limit=_limit(),
        clock=bootstrap.now,
        retention=_retention(),
    )


@cache
def follow_up() -> FollowUp:
    from jobs.services.follow_up import FollowUp

    return FollowUp(
        jobs=docs_jobs(),
        get_docs_job=get_docs_job(),
        limit=_limit(),
        clock=bootstrap.now,
        retention=_retention(),
    )


@cache
def get_docs_job() -> GetDocsJob:
    from jobs.services.read_docs_jobs import GetDocsJob

    return GetDocsJob(projects=projects(), get_job=bootstrap.get_job())


@cache
def list_docs_jobs() -> ListDocsJobs:
    from jobs.services.read_docs_jobs import ListDocsJobs

    return ListDocsJobs(projects=projects(), jobs=docs_jobs(), clock=bootstrap.now)


def _retention() -> Millis:
    return int(os.environ["RETENTION_HOURS"]) * 3600_000


@cache
def _limit() -> LimitDocsRequests:
    from jobs.services.limit_docs_requests import LimitDocsRequests

    return LimitDocsRequests(
        repository=bootstrap.repository(), limit_rate=mission_bootstrap.limit_rate()
    )


@cache
def tail() -> Tail:
    from jobs.streaming.tail import Tail

    return Tail(log=output_log(), repository=bootstrap.repository(), clock=bootstrap.now)


# ── What it stands on ───────────────────────────────────────────────────────────


@cache
def docs_jobs() -> DynamoDocsJobs:
    from jobs.adapters.dynamodb.docs_jobs import DynamoDocsJobs

    return DynamoDocsJobs(bootstrap.dynamodb(), os.environ["JOB_TABLE"], bootstrap.now)


@cache
def projects() -> DynamoProjects:
    from jobs.adapters.dynamodb.projects import DynamoProjects

    return DynamoProjects(bootstrap.dynamodb(), os.environ["REGISTRY_TABLE"], bootstrap.now)


@cache
def docs_queue() -> SqsJobQueue:
    from jobs.adapters.sqs import SqsJobQueue

    return SqsJobQueue(bootstrap.sqs(), os.environ["DOCS_QUEUE_URL"])


def docs_delivery(receipt_handle: str) -> Delivery:
    from jobs.adapters.sqs import SqsDelivery

    return SqsDelivery(bootstrap.sqs(), os.environ["DOCS_QUEUE_URL"], receipt_handle)


@cache
def branches() -> DynamoBranches:
    from jobs.adapters.dynamodb.branches import DynamoBranches

    return DynamoBranches(bootstrap.dynamodb(), os.environ["JOB_TABLE"], bootstrap.now)


@cache
def output_log() -> DynamoOutputLog:
    from jobs.adapters.dynamodb.output import DynamoOutputLog

    return DynamoOutputLog(bootstrap.dynamodb(), os.environ["OUTPUT_TABLE"])


@cache
def dispatch_docs_job() -> DispatchJob:
    from jobs.services.dispatch_job import DispatchJob

    return DispatchJob(timers=bootstrap.timers(), queue=docs_queue())


@cache
def free_branch() -> FreeBranch:
    from jobs.services.free_branch import FreeBranch

    return FreeBranch(branches=branches(), queue=docs_queue())


@cache
def run_docs_job() -> RunDocsJob:
    from jobs.adapters.git.repositories import GitRepositories
    from jobs.adapters.git.wire import Limits
    from jobs.adapters.github import GitHubPullRequests
    from jobs.services.docs_agent import DocsAgent
    from jobs.services.run_docs_job import RunDocsJob

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
    from jobs.agents.bedrock_tools import BedrockTools
    from jobs.agents.openai_tools import OpenAiTools
    from jobs.agents.scripted import ScriptedModel
    from jobs.domain.errors import AgentError

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
    from jobs.agents.sse import EventStream

    return EventStream(bootstrap.now)


@cache
def _bedrock() -> BedrockRuntimeClient:
    from jobs.adapters.aws import PATIENT

    made: BedrockRuntimeClient = bootstrap.client("bedrock-runtime", PATIENT)
    return made
