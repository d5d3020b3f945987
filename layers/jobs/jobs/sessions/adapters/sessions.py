"""The session table: a partition of sessions per tenant, and one of messages per session.

Questions and answers have sort keys of their own prefix, each in order of time.
"""

import heapq
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import batched, islice
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb.bodies import put_request
from jobs.core.adapters.dynamodb.idempotency import claim, first_job
from jobs.core.adapters.dynamodb.items import JobItems
from jobs.core.ids import earliest_id
from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, Values, attributes
from jobs.kit.aws.dynamodb.page import MAX_BYTES, MAX_ITEMS, ItemPage, read_page
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock, Millis
from jobs.messaging.adapters.storage import MessageStorage
from jobs.sessions.adapters.items import (
    AGENT,
    COUNTED,
    USER,
    expires_soon,
    message_from_item,
    message_partition,
    message_to_item,
    session_from_item,
    session_key,
    session_to_item,
    sort_key_prefix,
    turn_from_item,
    turn_key,
    turn_to_item,
)
from jobs.sessions.errors import SessionNotFoundError, StaleSessionError
from jobs.sessions.session import (
    MAX_SESSION_MINUTES,
    MINUTE,
    ChatMessage,
    ChatSession,
    Messages,
    SessionCounts,
    SessionPage,
    Turn,
    Window,
    question_in,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_FIRST: Final = "!"
_LAST: Final = "~"
_DELETE_BATCH: Final = 25
_PAGE_SIZE: Final = 20


class DynamoSessions:
    def __init__(self, client: "DynamoDBClient", table: str, job_table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._job_table = job_table
        self._clock = clock

    def create(self, session: ChatSession) -> None:
        with convert_aws_errors():
            self._client.put_item(TableName=self._table, Item=session_to_item(session))

    def get(self, tenant: str, session_id: str) -> ChatSession:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=session_key(tenant, session_id), ConsistentRead=True
            ).get("Item")
        if found is None or int(found["expires_at"]["N"]) * 1000 <= self._clock():
            raise SessionNotFoundError(session_id)
        return session_from_item(found)

    def save(self, session: ChatSession) -> None:
        with convert_aws_errors():
            try:
                self._client.put_item(**self._next(session))
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise StaleSessionError(session.id) from error

    def send(self, session: ChatSession, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        message = message_to_item(session.tenant, session.id, question_in(job), session.gone_at)
        header = JobItems(_storage).header(job, write_id=secrets.token_hex(6))
        writes: list[Any] = [
            {"Put": self._next(session)},
            {"Put": {"TableName": self._table, "Item": message}},
            {"Put": {"TableName": self._job_table, "Item": header}},
        ]
        if key:
            writes.append(claim(self._job_table, job, key, self._clock()))
        with convert_aws_errors():
            put_request(self._client, self._job_table, job)
        refused = transact(self._client, writes)
        if key and refused and refused[3] is not None:
            return first_job(job.ref, key, refused[3])
        if refused:
            raise StaleSessionError(session.id)
        return job.ref

    def active(self, tenant: str, *, limit: int, after: str | None = None) -> SessionPage:
        page = self._active(tenant, after=after, limit=limit)
        return SessionPage(sessions=[*map(session_from_item, page.items)], next=page.last)

    def count_active(self, tenant: str) -> SessionCounts:
        names = {f"#{n}": name for n, name in enumerate(COUNTED)}
        page = self._active(
            tenant, ProjectionExpression=", ".join(names), ExpressionAttributeNames=names
        )
        now = self._clock()
        expiring = sum(expires_soon(item, now) for item in page.items)
        return SessionCounts(active=len(page.items), expiring=expiring)

    def _active(
        self, tenant: str, *, after: str | None = None, limit: int = MAX_ITEMS, **options: Any
    ) -> ItemPage:
        now = self._clock()
        first = earliest_id(now - MAX_SESSION_MINUTES * MINUTE)
        if after is not None and after < first:  # DynamoDB rejects an empty range
            return ItemPage([], None)
        query = self._to_query(
            tenant,
            first,
            after or _LAST,
            newest=True,
            now=now,
            FilterExpression="ends_at > :now",
            **options,
        )
        return read_page(self._client, query, size_of=_metadata_size, after=after, limit=limit)

    def page(self, tenant: str, session_id: str, window: Window) -> Messages:
        sides = (
            self._query(
                message_partition(tenant, session_id),
                side if window.after is None else sort_key_prefix(side, window.after + 1),
                _last_key(side, window.before),
                newest=not window.oldest,
                Limit=window.limit + 1,
            )
            for side in (USER, AGENT)
        )
        found: list[ChatMessage] = []
        size = 0
        for item in heapq.merge(*sides, key=_time_of, reverse=not window.oldest):
            size += len(item["content"]["S"].encode()) + _metadata_size(item)
            full = len(found) >= window.limit or size > MAX_BYTES
            # Messages of one time stay together: the next page begins after this time.
            if full and found and _time_of(item) != found[-1].at:
                return Messages(messages=_newest_first(found, window), more=True)
            found.append(message_from_item(item))
        return Messages(messages=_newest_first(found, window), more=False)

    def questions(
        self, tenant: str, session_id: str, *, before: Millis | None = None
    ) -> Iterator[ChatMessage]:
        partition = message_partition(tenant, session_id)
        found = self._query(partition, USER, _last_key(USER, before), newest=True, Limit=_PAGE_SIZE)
        return map(message_from_item, found)

    def questions_since(
        self, tenant: str, session_id: str, *, after: Millis
    ) -> Iterator[ChatMessage]:
        first, partition = sort_key_prefix(USER, after + 1), message_partition(tenant, session_id)
        found = self._query(partition, first, USER + _LAST, newest=False, Limit=_PAGE_SIZE)
        return map(message_from_item, found)

    def answers(self, tenant: str, session_id: str, *, limit: int) -> Sequence[ChatMessage]:
        partition = message_partition(tenant, session_id)
        found = self._query(partition, AGENT, AGENT + _LAST, newest=True, Limit=limit)
        return [message_from_item(item) for item in islice(found, limit)][::-1]

    def turn(self, tenant: str, session_id: str) -> Turn:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=turn_key(tenant, session_id), ConsistentRead=True
            ).get("Item")
        return turn_from_item(found) if found else Turn()

    def save_turn(self, tenant: str, session_id: str, turn: Turn) -> None:
        with (
            suppress(self._client.exceptions.ConditionalCheckFailedException),
            convert_aws_errors(),
        ):
            self._client.put_item(
                TableName=self._table,
                Item=turn_to_item(tenant, session_id, turn),
                ConditionExpression="attribute_not_exists(PK) OR #at < :at",
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues=attributes({":at": turn.at}),
            )

    def close(self, session: ChatSession) -> None:
        with convert_aws_errors():
            self._client.delete_item(
                TableName=self._table, Key=session_key(session.tenant, session.id)
            )

    def delete_messages(self, tenant: str, session_id: str) -> None:
        found = self._query(
            message_partition(tenant, session_id),
            _FIRST,
            _LAST,
            newest=True,
            ProjectionExpression="PK, SK",
        )
        keys = ({name: item[name] for name in ("PK", "SK")} for item in found)
        for batch in batched(keys, _DELETE_BATCH):
            deletes = [{"Delete": {"TableName": self._table, "Key": key}} for key in batch]
            transact(self._client, deletes)

    def _next(self, session: ChatSession) -> Any:
        """Return the conditional put of a session's next version."""
        return {
            "TableName": self._table,
            "Item": session_to_item(session),
            "ConditionExpression": "version = :before",
            "ExpressionAttributeValues": attributes({":before": session.version - 1}),
        }

    def _query(
        self,
        partition: str,
        first: str,
        last: str,
        *,
        newest: bool,
        **options: Any,
    ) -> Iterator[Stored]:
        """Yield the items between two sort keys, page by page."""
        if first > last:  # DynamoDB rejects an empty range
            return
        query = self._to_query(partition, first, last, newest=newest, **options)
        while True:
            with convert_aws_errors():
                page = self._client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _to_query(
        self,
        partition: str,
        first: str,
        last: str,
        *,
        newest: bool,
        now: Millis | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        values: Values = {":pk": partition, ":first": first, ":last": last, ":now": now}
        return {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": attributes(values),
            "ScanIndexForward": not newest,
            "ConsistentRead": True,
            **options,
        }


def _last_key(side: str, before: Millis | None) -> str:
    return (side if before is None else sort_key_prefix(side, before - 1)) + _LAST


def _metadata_size(item: Stored) -> int:
    return len(item["metadata"]["S"].encode()) if "metadata" in item else 0


def _time_of(item: Stored) -> Millis:
    return int(item["at"]["N"])


def _newest_first(found: list[ChatMessage], window: Window) -> list[ChatMessage]:
    return found[::-1] if window.oldest else found


def _storage(_kind: str) -> MessageStorage:
    return MessageStorage()
