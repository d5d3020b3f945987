"""Composes docs jobs. `jobs.core.wiring` explains wirings."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.core.wiring import CoreWiring

if TYPE_CHECKING:
    from jobs.core.dispatch_job import DispatchJob
    from jobs.core.kind import Storage
    from jobs.core.limited_queue import LimitedQueue
    from jobs.core.ports import Delivery
    from jobs.core.send_early import SendEarly
    from jobs.core.tail import Tail
    from jobs.docs.adapters.dynamodb.branches import DynamoBranches
    from jobs.docs.adapters.dynamodb.chats import DynamoChats
    from jobs.docs.adapters.dynamodb.jobs import DynamoDocsJobs
    from jobs.docs.adapters.dynamodb.projects import DynamoProjects
    from jobs.docs.cancel_docs_job import CancelDocsJob
    from jobs.docs.create_docs_job import CreateDocsJob
    from jobs.docs.docs_job import Project
    from jobs.docs.follow_up import FollowUp
    from jobs.docs.free_branch import FreeBranch
    from jobs.docs.limit_requests import LimitDocsRequests
    from jobs.docs.ports import ToolModel
    from jobs.docs.read_docs_jobs import GetDocsJob, ListDocsJobs
    from jobs.docs.run_docs_job import RunDocsJob
    from jobs.kit.outbound.sse import EventStream


class DocsWiring:
    def __init__(self, core: CoreWiring) -> None:
        self.core = core

    # ── Use cases of the API ────────────────────────────────────────────────────────

    @cached_property
    def create_docs_job(self) -> CreateDocsJob:
        from jobs.docs.create_docs_job import CreateDocsJob

        return CreateDocsJob(
            repository=self.core.jobs,
            projects=self.projects,
            chats=self.chats,
            limit=self._limit,
            clock=self.core.clock,
            retention=self.core.retention,
            shards=self.core.shards,
        )

    @cached_property
    def create_and_send(self) -> CreateDocsJob:
        return replace(self.create_docs_job, send_early=self.send_early)

    @cached_property
    def send_early(self) -> SendEarly:
        from jobs.docs.docs_job import JOB_TIMEOUT_MS

        return self.core.send_early(os.environ["DOCS_QUEUE_URL"], max_age=JOB_TIMEOUT_MS)

    @cached_property
    def follow_up(self) -> FollowUp:
        from jobs.docs.follow_up import FollowUp

        return FollowUp(
            jobs=self.docs_jobs,
            get_docs_job=self.get_docs_job,
            limit=self._limit,
            send_early=self.send_early,
            clock=self.core.clock,
            retention=self.core.retention,
            shards=self.core.shards,
        )

    @cached_property
    def get_docs_job(self) -> GetDocsJob:
        from jobs.docs.read_docs_jobs import GetDocsJob

        return GetDocsJob(projects=self.projects, get_job=self.core.get_job)

    @cached_property
    def cancel_docs_job(self) -> CancelDocsJob:
        from jobs.docs.cancel_docs_job import CancelDocsJob

        return CancelDocsJob(
            get_docs_job=self.get_docs_job,
            jobs=self.docs_jobs,
            cancel_job=self.core.cancel_job,
            clock=self.core.clock,
        )

    @cached_property
    def list_docs_jobs(self) -> ListDocsJobs:
        from jobs.docs.read_docs_jobs import ListDocsJobs

        return ListDocsJobs(projects=self.projects, jobs=self.docs_jobs, clock=self.core.clock)

    @cached_property
    def _limit(self) -> LimitDocsRequests:
        from jobs.docs.limit_requests import LimitDocsRequests

        return LimitDocsRequests(repository=self.core.jobs, limit_rate=self.core.limit_rate)

    @cached_property
    def tail(self) -> Tail:
        from jobs.core.pace import Pace
        from jobs.core.tail import Tail
        from jobs.docs.find_end import CHECK_INTERVAL_S, FindEnd

        find_end = FindEnd(log=self.core.output_log, jobs=self.docs_jobs, clock=self.core.clock)
        pace = Pace(check=CHECK_INTERVAL_S)
        return Tail(log=self.core.output_log, find_end=find_end, pace=pace)

    # ── Adapters and the worker ─────────────────────────────────────────────────────

    @cached_property
    def docs_jobs(self) -> DynamoDocsJobs:
        from jobs.docs.adapters.dynamodb.jobs import DynamoDocsJobs

        return DynamoDocsJobs(self.core.aws.dynamodb, os.environ["JOB_TABLE"], self.core.clock)

    @cached_property
    def projects(self) -> DynamoProjects:
        from jobs.docs.adapters.dynamodb.projects import DynamoProjects

        return DynamoProjects(self.core.aws.dynamodb, os.environ["REGISTRY_TABLE"], self.core.clock)

    @cached_property
    def docs_queue(self) -> LimitedQueue:
        from jobs.docs.docs_job import JOB_TIMEOUT_MS

        return self.core.limited_queue(os.environ["DOCS_QUEUE_URL"], max_age=JOB_TIMEOUT_MS)

    def docs_delivery(self, receipt_handle: str, count: int) -> Delivery:
        return self.core.delivery(os.environ["DOCS_QUEUE_URL"], receipt_handle, count)

    @cached_property
    def chats(self) -> DynamoChats:
        from jobs.docs.adapters.dynamodb.chats import DynamoChats

        return DynamoChats(self.core.aws.dynamodb, os.environ["JOB_TABLE"])

    @cached_property
    def branches(self) -> DynamoBranches:
        from jobs.docs.adapters.dynamodb.branches import DynamoBranches

        return DynamoBranches(self.core.aws.dynamodb, os.environ["JOB_TABLE"], self.core.clock)

    @cached_property
    def dispatch_docs_job(self) -> DispatchJob:
        return self.core.dispatch_job(self.docs_queue.send_new)

    @cached_property
    def free_branch(self) -> FreeBranch:
        from jobs.docs.free_branch import FreeBranch

        return FreeBranch(branches=self.branches, queue=self.docs_queue)

    @cached_property
    def run_docs_job(self) -> RunDocsJob:
        from jobs.docs.adapters.git.github import GitHubPullRequests
        from jobs.docs.adapters.git.repositories import GitRepositories
        from jobs.docs.adapters.git.wire import Limits
        from jobs.docs.agent.loop import DocsAgent
        from jobs.docs.run_docs_job import RunDocsJob

        return RunDocsJob(
            repository=self.core.jobs,
            branches=self.branches,
            projects=self.projects,
            repositories=GitRepositories(self.core.secrets, self.core.clock, Limits()),
            pull_requests=GitHubPullRequests(self.core.secrets),
            log=self.core.output_log,
            write=DocsAgent(models=self.tool_model, clock=self.core.clock),
            clock=self.core.clock,
            sleep=self.core.sleep,
        )

    def tool_model(self, project: Project, name: str) -> ToolModel:
        """Return the project's model for `sonnet` or `opus`.

        Raises `UpstreamError` if it has none.
        """
        from jobs.docs.adapters.models.bedrock import BedrockTools
        from jobs.docs.adapters.models.openai import OpenAiTools
        from jobs.docs.adapters.models.scripted import ScriptedModel
        from jobs.kit.errors import FailureClass, UpstreamError

        settings, model = project.settings, project.models.get(name)
        match project.provider:
            case "scripted":
                return ScriptedModel(self.core.clock)
            case "openai" if model:
                secret = settings.get("apiKeySecret")
                key = self.core.secrets.read(secret) if secret else None
                return OpenAiTools(self._event_stream, settings, model, key)
            case "bedrock" if model:
                return BedrockTools(self.core.aws.bedrock, settings, model, self.core.clock)
            case _:
                raise UpstreamError(f"The project has no model {name}", FailureClass.NOT_FOUND)

    @cached_property
    def _event_stream(self) -> EventStream:
        from jobs.kit.outbound.sse import EventStream

        return EventStream(self.core.clock)


def _storage(kind: str) -> Storage:
    from jobs.docs.adapters.dynamodb.storage import DocsJobStorage

    return DocsJobStorage()


wiring = DocsWiring(CoreWiring(_storage))
