"""Poll a delegated job at its remote server."""

from dataclasses import dataclass

from jobs.core.errors import JobEndedError, JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.kit.errors import FailureClass, RefusedError, UpstreamError
from jobs.messaging.errors import AgentNotFoundError
from jobs.messaging.ports import Agents, Answer, Delegate
from jobs.messaging.run_agent_job import agent_of, end_job, question_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRemoteJob:
    repository: JobRepository
    agents: Agents
    remote: Delegate
    clock: Clock

    def __call__(self, ref: JobRef) -> bool:
        """Store the answer, if there is one. Return whether the job has ended."""
        try:
            job = self.repository.get(ref)
        except JobNotFoundError:
            return True
        if job.as_of(self.clock()).status.is_terminal:
            return True
        return self._poll(job)

    def _poll(self, job: Job) -> bool:
        outcome: Answer | UpstreamError | RefusedError | None
        try:
            outcome = self.remote.poll(agent_of(job, self.agents), question_of(job), job.handle)
        except (UpstreamError, RefusedError) as error:
            outcome = error
        except AgentNotFoundError as error:
            outcome = UpstreamError(str(error), FailureClass.NOT_FOUND)
        if outcome is None:
            return False
        try:
            self._end(job, outcome)
        except JobEndedError:
            return True
        except StaleJobError:
            return False  # the next poll reads the new state
        return True

    def _end(self, job: Job, outcome: Answer | UpstreamError | RefusedError) -> None:
        try:
            self.repository.save(end_job(job, outcome, now=self.clock()), replacing=job)
        except RefusedError as error:  # the table cannot store the answer
            self._end(job, error)
