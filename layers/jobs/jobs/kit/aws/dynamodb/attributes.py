"""Plain values as DynamoDB attributes, and back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Item = dict[str, "AttributeValueTypeDef"]


type Stored = Mapping[str, Any]


type Values = Mapping[str, str | int | None]


def attributes(values: Values) -> Item:
    """Serialize plain values as DynamoDB attributes; leave out None."""
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)}
        for name, value in values.items()
        if value is not None
    }


def plain(item: Stored) -> dict[str, Any]:
    return {k: v["S"] if "S" in v else int(v["N"]) if "N" in v else None for k, v in item.items()}
