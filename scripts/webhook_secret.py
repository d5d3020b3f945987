"""Give a tenant a secret that its webhooks are signed with, or a new one.

usage: make webhook-secret TENANT=acme STACK=sortie-dev [RETIRE=1]

It is shown once. The one before it signs as well until the next is made, or until it is retired
with RETIRE=1: time for receivers to change over. Both take effect within a minute.
"""

import argparse
import re
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from jobs.core.ids import is_tenant
from jobs.webhooks.adapters.secrets import secrets_in, spelled
from jobs.webhooks.signature import new_secret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


def rotated(secrets: "SecretsManagerClient", name: str) -> str:
    """Make a new secret and return it; the newest of those before it stays."""
    made = new_secret()
    try:
        known = secrets_in(secrets.get_secret_value(SecretId=name)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        secrets.create_secret(Name=name, SecretString=spelled([made]))
    else:
        secrets.put_secret_value(SecretId=name, SecretString=spelled([made, *known[:1]]))
    return made


def retired(secrets: "SecretsManagerClient", name: str) -> None:
    """Keep the newest secret only. Raises `ClientError` if there is none."""
    known = secrets_in(secrets.get_secret_value(SecretId=name)["SecretString"])
    secrets.put_secret_value(SecretId=name, SecretString=spelled(known[:1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tenant", default="")
    parser.add_argument("--stack", default="")
    parser.add_argument("--retire", default="")
    options = parser.parse_args()
    if not is_tenant(options.tenant):
        return _fail("say whose: TENANT=acme (lower-case letters, digits and dashes)")
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", options.stack):
        return _fail("say of which stack: STACK=sortie-dev")
    name = f"{options.stack}/webhooks/{options.tenant}"
    try:
        boto3.client("cloudformation").describe_stacks(StackName=options.stack)
        secrets = boto3.client("secretsmanager")
        if options.retire:
            retired(secrets, name)
            print(f"{options.tenant}'s webhooks are signed with the newest secret only")
        else:
            made = rotated(secrets, name)
            print(
                f"{options.tenant}'s webhooks are signed with this secret, shown this once: {made}"
            )
    except (BotoCoreError, ClientError) as error:
        return _fail(f"stack {options.stack!r}: {error}")
    return 0


def _fail(message: str) -> int:
    print(f"webhook-secret: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
