"""Create or rotate the secret that signs a tenant's webhooks.

usage: make webhook-secret TENANT=acme STACK=sortie-dev [RETIRE=1]

The secret is shown once. The previous secret also signs until the next rotation, or until RETIRE=1
retires it, so that receivers have time to change. Both take effect within a minute.
"""

import re
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from jobs.core.ids import is_tenant
from jobs.webhooks.adapters.secrets import dump_secrets, parse_secrets
from jobs.webhooks.signature import new_secret
from scripts.command import create_parser, fail, read_outputs

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


def rotate(secrets: "SecretsManagerClient", name: str) -> str:
    """Create and return a new secret; keep the newest of the previous ones."""
    created = new_secret()
    try:
        known = parse_secrets(secrets.get_secret_value(SecretId=name)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        secrets.create_secret(Name=name, SecretString=dump_secrets([created]))
    else:
        secrets.put_secret_value(SecretId=name, SecretString=dump_secrets([created, *known[:1]]))
    return created


def retire(secrets: "SecretsManagerClient", name: str) -> None:
    """Keep the newest secret only.

    Raises:
        ClientError: The tenant has no secret.

    """
    known = parse_secrets(secrets.get_secret_value(SecretId=name)["SecretString"])
    secrets.put_secret_value(SecretId=name, SecretString=dump_secrets(known[:1]))


def main() -> int:
    parser = create_parser(__doc__)
    parser.add_argument("--tenant", default="")
    parser.add_argument("--stack", default="")
    parser.add_argument("--retire", default="")
    options = parser.parse_args()
    if not is_tenant(options.tenant):
        return _fail("name the tenant: TENANT=acme (lower-case letters, digits and dashes)")
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", options.stack):
        return _fail("name the stack: STACK=sortie-dev")
    name = f"{options.stack}/webhooks/{options.tenant}"
    try:
        read_outputs(options.stack)  # fails if the stack does not exist
        secrets = boto3.client("secretsmanager")
        if options.retire:
            retire(secrets, name)
            print(f"only the newest secret now signs the webhooks of {options.tenant}")
        else:
            secret = rotate(secrets, name)
            print(f"new secret for the webhooks of {options.tenant}, shown only once: {secret}")
    except (BotoCoreError, ClientError) as error:
        return _fail(f"stack {options.stack!r}: {error}")
    return 0


def _fail(message: str) -> int:
    return fail("webhook-secret", message)


if __name__ == "__main__":
    sys.exit(main())
