"""The credentials of a project's repository in Secrets Manager."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import RefusedError
from jobs.kit.secrets import SecretReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def basic(self) -> Mapping[str, str]:
        """The HTTP basic authentication header."""
        pair = f"{self.username}:{self.password}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def credentials_of(project: Project, secrets: SecretReader) -> Credentials | None:
    """Return the project's credentials, or None if it has none.

    Raises `CredentialsRefusedError` if the secret is missing or malformed.
    """
    if project.credentials_secret is None:
        return None
    try:
        match json.loads(secrets.read(project.credentials_secret)):
            case {"username": str(username), "password": str(password)}:
                return Credentials(username=username, password=password)
    except (ValueError, RefusedError):  # no cause: the errors quote the secret or its name
        pass
    raise CredentialsRefusedError("The project's credentials are not set up")
