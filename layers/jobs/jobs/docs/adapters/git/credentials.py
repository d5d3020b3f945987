"""What opens a project's repository, as it is kept in Secrets Manager."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.secrets import SecretReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def basic(self) -> Mapping[str, str]:
        """The header that tells them to a git server."""
        pair = f"{self.username}:{self.password}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def credentials_of(project: Project, secrets: SecretReader) -> Credentials | None:
    """Return the project's credentials, if it has any.

    Raises `CredentialsRefusedError` where the secret is not what it should be.
    """
    if project.credentials_secret is None:
        return None
    try:
        match json.loads(secrets.read(project.credentials_secret)):
            case {"username": str(username), "password": str(password)}:
                return Credentials(username=username, password=password)
    except (ValueError, ClientError):  # the one quotes what it could not read, the other its name
        pass
    raise CredentialsRefusedError("The project's credentials are not set up")
