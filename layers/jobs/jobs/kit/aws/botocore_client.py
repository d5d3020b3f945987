"""botocore's clients. Only processes that need one import this."""

from typing import Any

from botocore.config import Config
from botocore.session import Session

from jobs.kit.aws.call_policy import CallPolicy


def create_client(
    session: Session, service: str, policy: CallPolicy, endpoint_url: str | None = None
) -> Any:
    return session.create_client(service, config=to_config(policy), endpoint_url=endpoint_url)


def to_config(policy: CallPolicy) -> Config:
    return Config(
        connect_timeout=policy.connect_s,
        read_timeout=policy.read_s,
        parameter_validation=False,  # a tenth of each call's CPU; tests make the same calls with it
        retries={"mode": "standard", "total_max_attempts": policy.attempts},
    )
