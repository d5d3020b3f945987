"""Create or rotate the secret that signs a tenant's webhooks.

usage: make webhook-secret TENANT=acme [RETIRE=1] [STAGE=dev|prod] [STACK=…] [REGION=…]

The secret is shown once. The previous secret also signs until the next rotation, or until RETIRE=1
retires it, so that receivers have time to change. Both take effect within a minute.
"""

import sys
from typing import TYPE_CHECKING

from jobs.core.ids import is_tenant
from jobs.webhooks.adapters.secrets import dump_secrets, parse_secrets
from jobs.webhooks.signature import new_secret
from scripts.command import STACK_ERRORS, connect, create_stack_parser, fail

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
    parser = create_stack_parser(__doc__)
    parser.add_argument("--tenant", default="")
    parser.add_argument("--retire", default="")
    options = parser.parse_args()
    if not is_tenant(options.tenant):
        return _fail("name the tenant: TENANT=acme (lower-case letters, digits and dashes)")
    try:
        stack = connect(options)  # fails if it does not exist
        secrets, name = (
            stack.session.client("secretsmanager"),
            f"{stack.name}/webhooks/{options.tenant}",
        )
        if options.retire:
            retire(secrets, name)
            print(f"only the newest secret now signs the webhooks of {options.tenant}")
        else:
            secret = rotate(secrets, name)
            print(f"new secret for the webhooks of {options.tenant}, shown only once: {secret}")
    except STACK_ERRORS as error:
        return _fail(str(error))
    return 0


def _fail(message: str) -> int:
    return fail("webhook-secret", message)


if __name__ == "__main__":
    sys.exit(main())
