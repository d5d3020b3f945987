"""A state machine test: the table behaves like the in-memory repository."""

from hypothesis import settings
from moto import mock_aws

from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.ports import JobRepository
from tests.adapters.engines import DynamoDb, client
from tests.unit.core.test_job_life import SLOWLY, JobLife


class JobLifeInDynamoDb(JobLife):
    def engine(self) -> JobRepository:
        self.aws = mock_aws()
        self.aws.start()
        engine = DynamoDb(client("dynamodb"), remote=False)
        return DynamoJobRepository(engine.client, engine.jobs, self.clock, kinds.storage)

    def teardown(self) -> None:
        self.aws.stop()


TestJobLifeInDynamoDb = JobLifeInDynamoDb.TestCase
TestJobLifeInDynamoDb.settings = settings(max_examples=3, stateful_step_count=15, **SLOWLY)
