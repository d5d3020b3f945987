"""The payment table; each write is conditional on state and attempt.

    PK                            item
    auth#<chain>#<payer>#<nonce>  a payment by an authorization
    tx#<chain>#<hash>#<log>       a payment by a transfer without one
    key#<tenant>#<the key>        the payment of an Idempotency-Key

Index `by_state`: payments by state, in the order of their last change.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Stored, Values, attributes, plain
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock
from jobs.payments.adapters.rows import RETENTION_MS, from_row, to_row
from jobs.payments.errors import StalePaymentError
from jobs.payments.payment import KeyedPayment, Payment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoPayments:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def reserve(
        self,
        payment: Payment,
        *,
        replacing: Payment | None,
        key: KeyedPayment | None = None,
        replacing_key: KeyedPayment | None = None,
    ) -> bool:
        write_id = secrets.token_hex(6)
        put = self._put(payment, replacing, write_id)
        if key is None:
            return self._try_put(put, write_id)
        refused = transact(self._client, [{"Put": put}, {"Put": self._put_key(key, replacing_key)}])
        return not refused or _is_own_write(refused[0] or {}, write_id)

    def find(self, payment_id: str) -> Payment | None:
        found = self._read(payment_id)
        return to_payment(found) if found else None

    def find_key(self, tenant: str, key: str) -> KeyedPayment | None:
        found = self._read(_key_id(tenant, key))
        row = plain(found) if found else None
        if row is None or row["expires_at"] <= self._clock() // 1000:
            return None
        return KeyedPayment(
            tenant=tenant,
            key=key,
            payment_id=row["payment_id"],
            request_hash=row["request_hash"],
            expires_at=row["expires_at"] * 1000,
        )

    def save(self, payment: Payment, *, replacing: Payment) -> None:
        write_id = secrets.token_hex(6)
        if not self._try_put(self._put(payment, replacing, write_id), write_id):
            raise StalePaymentError(payment.id)

    def _read(self, key: str) -> Stored | None:
        with convert_aws_errors():
            return self._client.get_item(
                TableName=self._table, Key=attributes({"PK": key}), ConsistentRead=True
            ).get("Item")

    def _try_put(self, put: Any, write_id: str) -> bool:
        with convert_aws_errors():
            try:
                self._client.put_item(**put)
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored: Any = error.response.get("Item", {})
                return _is_own_write(stored, write_id)
        return True

    def _put(self, payment: Payment, replacing: Payment | None, write_id: str) -> dict[str, Any]:
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": _to_item(payment, write_id),
            "ConditionExpression": "attribute_not_exists(PK)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if replacing:
            was: Values = {":was": replacing.state.value, ":fence": replacing.attempt}
            put |= {
                "ConditionExpression": "#state = :was AND attempt = :fence",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": attributes(was),
            }
        return put

    def _put_key(self, key: KeyedPayment, replacing: KeyedPayment | None) -> dict[str, Any]:
        values: Values = {
            "PK": _key_id(key.tenant, key.key),
            "payment_id": key.payment_id,
            "request_hash": key.request_hash,
            "expires_at": key.expires_at // 1000,
        }
        return {
            "TableName": self._table,
            "Item": attributes(values),
            "ConditionExpression": (
                "attribute_not_exists(PK) OR expires_at <= :now OR payment_id = :was"
            ),
            "ExpressionAttributeValues": attributes({
                ":now": self._clock() // 1000,
                ":was": replacing.payment_id if replacing else "none",
            }),
        }  # fmt: skip


def _is_own_write(stored: Stored, write_id: str) -> bool:
    """Whether this call made the conflicting write: the SDK repeated it."""
    return bool(stored.get("write_id") == {"S": write_id})


def _key_id(tenant: str, key: str) -> str:
    return f"key#{tenant}#{key}"


def _to_item(payment: Payment, write_id: str) -> Item:
    row = to_row(payment)
    values: Values = {
        **row,
        "PK": payment.id,
        "dialect": payment.kind,
        "transaction": payment.transaction,
        "job": row["job"] if payment.job else None,
        "write_id": write_id,
        "expires_at": (payment.created_at + RETENTION_MS) // 1000,
    }
    return attributes(values)


def to_payment(item: Stored) -> Payment:
    row = plain(item)
    absent = {"key_id": None, "job": "{}"}
    return from_row({**absent, **row, "id": row["PK"], "kind": row["dialect"]})


def parse_changes(records: Iterable[Any]) -> Sequence[Payment]:
    """Return the payments in the table's stream; ignore deletions and Idempotency-Keys."""
    images = (record["dynamodb"].get("NewImage") or {} for record in records)
    return [to_payment(image) for image in images if "payer" in image]
