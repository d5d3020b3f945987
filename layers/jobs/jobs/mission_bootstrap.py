"""The composition root's half for missions; `jobs.bootstrap` says how both of them work."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from jobs import bootstrap

if TYPE_CHECKING:
    from jobs.adapters.cognito import CognitoTokens
    from jobs.adapters.dynamodb.limits import DynamoRateLimits
    from jobs.services.issue_token import IssueToken
    from jobs.services.limit_rate import LimitRate


# ── Who is calling, and how often ───────────────────────────────────────────────


@cache
def issue_token() -> IssueToken:
    from jobs.services.issue_token import IssueToken

    return IssueToken(registry=bootstrap.registry(), issuer=token_issuer())


@cache
def limit_rate() -> LimitRate:
    from jobs.services.limit_rate import LimitRate

    return LimitRate(limits=rate_limits())


@cache
def token_issuer() -> CognitoTokens:
    from jobs.adapters.cognito import CognitoTokens

    emulator = os.environ.get("AWS_ENDPOINT_URL")
    return CognitoTokens(f"{emulator}/oauth2/token" if emulator else os.environ["TOKEN_URL"])


@cache
def rate_limits() -> DynamoRateLimits:
    from jobs.adapters.dynamodb.limits import DynamoRateLimits

    return DynamoRateLimits(bootstrap.dynamodb(), os.environ["MISSION_TABLE"], bootstrap.now)
