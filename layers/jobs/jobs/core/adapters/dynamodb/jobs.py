"""The job table: every change is a conditional write on status and attempt."""

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.bodies import put_body, put_request
from jobs.core.adapters.dynamodb.idempotency import claim, first_job
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.adapters.dynamodb.listing import Search
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.kind import Storages
from jobs.core.ports import IdempotencyKey, Listing, Page
from jobs.core.status import JobStatus
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Stored, Values, attributes
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock, Millis

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoJobRepository:
    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Clock, storages: Storages
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._items = JobItems(storages)

    def add(self, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        item = self._items.header(job, write_id=secrets.token_hex(6))
        with convert_aws_errors():
            put_request(self._client, self._table, job)
            if key:
                return self._add_once(job, item, key)
            # Ids are unique: an existing item is this job, and the response to its write was lost.
            # The job may have changed before the SDK retries.
            with suppress(self._client.exceptions.ConditionalCheckFailedException):
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(PK)",
                )
        return job.ref

    def has_key(self, tenant: str, kind: str, key: str) -> bool:
        claim = {"PK": f"{tenant}#{kind}#keys", "SK": key}
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=attributes(claim), ConsistentRead=True
            ).get("Item")
        return found is not None and int(found["expires_at"]["N"]) > self._clock() // 1000

    def get(self, ref: JobRef) -> Job:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": attributes(
                {":pk": items.partition(ref), ":first": ref.id, ":last": f"{ref.id}#~"}
            ),
            "ConsistentRead": True,
        }
        with convert_aws_errors():
            answer = self._client.query(**query)
            found = answer["Items"]
            while "LastEvaluatedKey" in answer:  # several attempts have stored large results
                answer = self._client.query(**query, ExclusiveStartKey=answer["LastEvaluatedKey"])
                found += answer["Items"]
        if not found or found[0]["SK"]["S"] != ref.id:
            raise JobNotFoundError(ref.id)
        if int(found[0]["expires_at"]["N"]) * 1000 <= self._clock():
            raise JobNotFoundError(ref.id)
        return self._items.to_job(found[0], {item["SK"]["S"][36:]: item for item in found[1:]})

    def status_of(self, ref: JobRef) -> JobStatus:
        return JobStatus(self._header(ref)["status"]["S"])

    def deadline_of(self, ref: JobRef) -> Millis:
        return int(self._header(ref)["deadline"]["N"])

    def is_claimed(self, ref: JobRef) -> bool:
        try:
            header = self._header(ref)
        except JobNotFoundError:
            return False
        return int(header["attempt"]["N"]) > 0 or header["status"]["S"] == JobStatus.QUEUED

    def _header(self, ref: JobRef) -> Stored:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=items.key(ref), ConsistentRead=True
            ).get("Item")
        if not found or int(found["expires_at"]["N"]) * 1000 <= self._clock():
            raise JobNotFoundError(ref.id)
        return found

    def save(self, job: Job, *, replacing: Job) -> None:
        state = self._items.state(job, write_id=secrets.token_hex(6))
        with convert_aws_errors():
            self.put_result(job, state)
            try:
                self._client.update_item(**self.change(job, replacing, state))
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored: Any = error.response
                if not is_own_write(stored.get("Item", {}), state):
                    raise StaleJobError(job.id) from error

    def put_result(self, job: Job, state: Values) -> None:
        """Write a large result before its header."""
        if job.result is not None and state["result_body"] is not None:
            suffix, body = str(state["result_body"]), items.to_text(job.result)
            put_body(self._client, self._table, job, suffix, body)

    def change(self, job: Job, replacing: Job, state: Values) -> Any:
        """Return the update of a header, conditional on the state `replacing`."""
        kept = {name: value for name, value in state.items() if value is not None}
        gone = [name for name, value in state.items() if value is None]
        sets = ", ".join(f"#{name} = :{name}" for name in kept)
        values = {f":{name}": value for name, value in kept.items()}
        values |= {":was": replacing.status.value, ":fence": replacing.attempt}
        return {
            "TableName": self._table,
            "Key": items.key(job.ref),
            "UpdateExpression": f"SET {sets} REMOVE {', '.join(f'#{name}' for name in gone)}",
            "ConditionExpression": "#status = :was AND #attempt = :fence",
            "ExpressionAttributeNames": {f"#{name}": name for name in state},
            "ExpressionAttributeValues": attributes(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def renew(self, job: Job, *, lease_until: Millis) -> None:
        with convert_aws_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=items.key(job.ref),
                    UpdateExpression="SET lease_until = :until",
                    ConditionExpression="#status = :running AND attempt = :attempt",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=attributes({
                        ":until": lease_until,
                        ":running": JobStatus.RUNNING.value,
                        ":attempt": job.attempt,
                    }),
                )  # fmt: skip
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise StaleJobError(job.id) from error

    def delete(self, job: Job) -> None:
        with convert_aws_errors():
            try:
                header = self._client.delete_item(
                    TableName=self._table,
                    Key=items.key(job.ref),
                    ConditionExpression="attribute_not_exists(PK)"
                    " OR (#status = :was AND attempt = :fence)",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=attributes(
                        {":was": job.status.value, ":fence": job.attempt}
                    ),
                    ReturnValues="ALL_OLD",
                ).get("Attributes")
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise StaleJobError(job.id) from error
            # Bodies without a header are ignored; TTL deletes any that remain.
            for suffix in items.missing_bodies(header) if header else []:
                self._client.delete_item(TableName=self._table, Key=items.key(job.ref, suffix))

    def newest(self, listing: Listing, *, known: int) -> Page:
        with convert_aws_errors():
            search = Search(
                client=self._client,
                table=self._table,
                codec=self._items,
                listing=listing,
                known=known,
                now=self._clock(),
            )
            return search.page()

    def _add_once(self, job: Job, item: Item, key: IdempotencyKey) -> JobRef:
        refused = transact(
            self._client,
            [
                claim(self._table, job, key, self._clock()),
                {"Put": {"TableName": self._table, "Item": item}},
            ],
        )
        if refused and refused[0] is not None:
            return first_job(job.ref, key, refused[0])
        return job.ref


def is_own_write(stored: Stored, state: Values) -> bool:
    """Return whether the conflicting write is our own, which the SDK has retried."""
    return bool(stored.get("write_id") == {"S": state["write_id"]})
