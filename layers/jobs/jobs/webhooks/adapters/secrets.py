"""What tenants' webhooks are signed with, as it is kept in Secrets Manager.

A secret of each tenant: `{"secrets": ["whsec_…", …]}`, the newest first. There are two while
receivers change over from the older one.
"""

import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from jobs.kit.secrets import SecretReader


class WebhookSecrets:
    """`prefix` and a tenant are the name of the tenant's secret."""

    def __init__(self, secrets: SecretReader, prefix: str) -> None:
        self._secrets = secrets
        self._prefix = prefix

    def live(self, tenant: str) -> Sequence[str]:
        try:
            return secrets_in(self._secrets.read(self._prefix + tenant))
        except ClientError:  # what may pass is none of these
            return ()


def secrets_in(text: str) -> Sequence[str]:
    found: Any = json.loads(text)
    return [str(each) for each in found["secrets"]]


def spelled(secrets: Sequence[str]) -> str:
    return json.dumps({"secrets": [*secrets]})
