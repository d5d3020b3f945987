"""The signing secrets of tenants' webhooks in Secrets Manager.

Each tenant has one secret: `{"secrets": ["whsec_…", …]}`, newest first. During a rotation it
has two, until all receivers know the newer one.
"""

import json
from collections.abc import Sequence
from typing import Any

from jobs.kit.errors import RefusedError
from jobs.kit.secrets import SecretReader


class WebhookSecrets:
    """Reads signing secrets. The name of a tenant's secret is `prefix` plus the tenant."""

    def __init__(self, secrets: SecretReader, prefix: str) -> None:
        self._secrets = secrets
        self._prefix = prefix

    def live(self, tenant: str) -> Sequence[str]:
        try:
            return parse_secrets(self._secrets.read(self._prefix + tenant))
        except RefusedError:
            return ()


def parse_secrets(text: str) -> Sequence[str]:
    value: Any = json.loads(text)
    return [str(secret) for secret in value["secrets"]]


def dump_secrets(secrets: Sequence[str]) -> str:
    return json.dumps({"secrets": [*secrets]})
