"""Register a partner's program for the missions API of a deployed stack.

usage: make partner NAME='Acme Inspections' ROLE=viewer|pilot|manager [ORG=acme] [STAGE=…]

The program becomes a Cognito app client with the scopes of its role and of all lower roles, and
gets an API key to fetch tokens with. All programs of an organisation see the same drones and jobs.
A second run for the same NAME adds a second program; the first keeps working.
"""

import re
import sys
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from jobs.auth.authenticate import new_key
from jobs.core.ids import TENANT
from jobs.missions.api.access import SCOPES
from jobs.missions.partner import Client, Role
from scripts.command import STACK_ERRORS, connect, create_stack_parser, fail
from scripts.registry_table import RegistryTable

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

_NAME: Final = re.compile(r"[\w+=,.@-](?:[\w+=,.@ -]{0,126}[\w+=,.@-])?")  # Cognito's own rule
_TOKEN_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Program:
    """A program to register."""

    name: str
    role: Role
    organisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A registered program's credentials, shown once."""

    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)


def enrol(
    cognito: "CognitoIdentityProviderClient",
    user_pool: str,
    registry: RegistryTable,
    program: Program,
) -> Partner:
    """Register a program, the app client first: tokens need the registry's entry to work."""
    created = cognito.create_user_pool_client(
        UserPoolId=user_pool,
        ClientName=program.name,
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[scope for each, scope in SCOPES.items() if each <= program.role],
        AccessTokenValidity=_TOKEN_MINUTES,
        TokenValidityUnits={"AccessToken": "minutes"},
    )["UserPoolClient"]
    client_id, tenant = created["ClientId"], program.organisation
    api_key, record = new_key(tenant, opens="missions")
    registry.put_client(Client(id=client_id, tenant=tenant, name=program.name, role=program.role))
    registry.put_key(record)
    return Partner(client_id=client_id, client_secret=created["ClientSecret"], api_key=api_key)


def to_organisation(name: str) -> str:
    """Return the default organisation of a name: `acme-inspections` of `Acme Inspections`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63]


def main() -> int:
    parser = create_stack_parser(__doc__)
    for option in ("--name", "--role", "--organisation"):
        parser.add_argument(option, default="")
    options = parser.parse_args()
    roles = [role.name.lower() for role in Role]
    if not _NAME.fullmatch(options.name):
        return _fail("name the program: NAME='Acme Inspections' (letters, digits, spaces, +=,.@_-)")
    if options.role.lower() not in roles:
        return _fail(f"choose a role: ROLE={'|'.join(roles)}")
    organisation = options.organisation or to_organisation(options.name)
    if not re.fullmatch(TENANT, organisation):
        return _fail("name the organisation: ORG=acme (lower-case letters, digits and dashes)")
    program = Program(options.name, Role[options.role.upper()], organisation)
    try:
        stack = connect(options)
        outputs = stack.outputs
        partner = enrol(
            stack.session.client("cognito-idp"),
            outputs["UserPoolId"],
            RegistryTable(
                stack.session.client("dynamodb"), outputs["RegistryTableName"], lambda: 0
            ),
            program,
        )
    except KeyError as error:
        return _fail(f"the stack has no output {error}: run `make deploy`")
    except STACK_ERRORS as error:
        return _fail(str(error))
    print(_format_credentials(program, partner, outputs["ApiUrl"]))
    return 0


def _format_credentials(program: Program, partner: Partner, url: str) -> str:
    return f"""\
{program.name} is a {program.role.name} of organisation {program.organisation}.
Its credentials, shown only once:

  API key        {partner.api_key}
  client id      {partner.client_id}
  client secret  {partner.client_secret}

Get an access token, valid for {_TOKEN_MINUTES} minutes:

  curl -X POST {url}/v3/auth/token \\
    -H 'x-api-key: {partner.api_key}' -H 'Content-Type: application/json' \\
    -d '{{"grant_type": "client_credentials", "client_id": "{partner.client_id}", \
"client_secret": "{partner.client_secret}"}}'

Send it with each request: `Authorization: Bearer <access_token>`."""


def _fail(message: str) -> int:
    return fail("partner", message)


if __name__ == "__main__":
    sys.exit(main())
