"""Responses of the custom authorizer of AWS IoT Core.

AWS IoT Core accepts ten documents of 2,048 characters, enough for about seventy device groups. An
organisation with more cannot subscribe to the last ones over MQTT.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from jobs.kit.clock import Millis
from jobs.tracking.grant import Grant

DENIED: Final = {"isAuthenticated": False}
_MAX_DOCUMENTS: Final = 10
_MAX_DOCUMENT_CHARS: Final = 2048
_MIN_CONNECTION_S, _MAX_CONNECTION_S = 300, 86_400  # limits of AWS IoT Core


def policy_response(grant: Grant, arn: str, now: Millis) -> dict[str, Any]:
    """Allow a grant. `arn` is `arn:aws:iot:REGION:ACCOUNT` of this account and region.

    AWS IoT calls the authorizer again every five minutes, so that a revocation takes effect.
    """
    left = (grant.until - now) // 1000
    connect = _allow("iot:Connect", [f"{arn}:client/{grant.client_prefix}-*"])
    return {
        "isAuthenticated": True,
        "principalId": grant.principal,
        "disconnectAfterInSeconds": max(_MIN_CONNECTION_S, min(left, _MAX_CONNECTION_S)),
        "refreshAfterInSeconds": _MIN_CONNECTION_S,
        "policyDocuments": [
            _document([connect]),
            *islice(_topic_documents(grant.topics, arn), _MAX_DOCUMENTS - 1),
        ],
    }


def _topic_documents(topics: Sequence[str], arn: str) -> Iterator[dict[str, Any]]:
    """Yield policy documents, each with as many topics as fit."""
    some: list[str] = []
    for topic in topics:
        if len(json.dumps(_subscribe_document([*some, topic], arn))) > _MAX_DOCUMENT_CHARS:
            yield _subscribe_document(some, arn)
            some = []
        some.append(topic)
    yield _subscribe_document(some, arn)


def _subscribe_document(topics: Sequence[str], arn: str) -> dict[str, Any]:
    return _document([
        _allow("iot:Subscribe", [f"{arn}:topicfilter/{topic}" for topic in topics]),
        _allow("iot:Receive", [f"{arn}:topic/{topic}" for topic in topics]),
    ])  # fmt: skip


def _document(statements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(action: str, resources: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resources}
