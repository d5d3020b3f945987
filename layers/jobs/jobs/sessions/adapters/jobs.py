"""The workers' job table: a session's answer is stored as its message in the same transaction."""

import secrets
from typing import TYPE_CHECKING, Any, override

from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository, is_own_write
from jobs.core.errors import StaleJobError
from jobs.core.job import Job
from jobs.core.kind import Storages
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock
from jobs.messaging.message import session_of
from jobs.sessions.adapters.items import message_to_item, session_key
from jobs.sessions.session import SESSION_RETENTION, answer_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoChatJobs(DynamoJobRepository):
    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        session_table: str,
        clock: Clock,
        storages: Storages,
    ) -> None:
        super().__init__(client, table, clock, storages)
        self._session_table = session_table

    @override
    def save(self, job: Job, *, replacing: Job) -> None:
        answer = answer_in(job)
        session_id = session_of(job)
        if session_id is None or answer is None:
            return super().save(job, replacing=replacing)
        state = self._items.state(job, write_id=secrets.token_hex(6))
        open_session: Any = {
            "TableName": self._session_table,
            "Key": session_key(job.tenant, session_id),
            "ConditionExpression": "attribute_exists(PK)",
        }
        message: Any = {
            "TableName": self._session_table,
            "Item": message_to_item(
                job.tenant, session_id, answer, job.created_at + SESSION_RETENTION
            ),
        }
        with convert_aws_errors():
            self.put_result(job, state)
        refused = transact(
            self._client,
            [
                {"Update": self.change(job, replacing, state)},
                {"ConditionCheck": open_session},
                {"Put": message},
            ],
        )
        if not refused:
            return None
        if refused[0] is None:  # the session has been deleted: only the job is left to update
            return super().save(job, replacing=replacing)
        if not is_own_write(refused[0], state):
            raise StaleJobError(job.id)
        return None
